{{ config(materialized="table") }}

-- The prices of a price book entry over time. An entry may state a new price for a later day under the same id, so each valid_from that
-- applied events state is a row, as last stated; it ends where it says so, or where the next one of the entry begins.
with ranked as (
    select
        upserted.*,
        row_number() over (
            partition by upserted.price_book_entry_id, upserted.valid_from order by upserted.aggregate_version desc
        ) as recency
    from {{ applied_events("stg_catalog__price_book_entry_upserted") }} as upserted
),

dated as (
    select
        ranked.*,
        lead(ranked.valid_from) over (partition by ranked.price_book_entry_id order by ranked.valid_from) as next_valid_from
    from ranked
    where ranked.recency = 1
)

select
    dated.price_book_entry_id,
    dated.price_book_version,
    dated.product_offering_id,
    dated.currency,
    dated.charge_type,
    dated.list_unit_price,
    dated.floor_unit_price,
    dated.unit_cost,
    dated.valid_from,
    dated.valid_to as stated_valid_to,
    case
        when dated.valid_to is null or dated.next_valid_from < dated.valid_to then dated.next_valid_from
        else dated.valid_to
    end as valid_to,
    dated.event_id as source_event_id,
    dated.arrival_seq
from dated
