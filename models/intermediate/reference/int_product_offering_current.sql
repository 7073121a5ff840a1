{{ config(materialized="table") }}

-- The product offering as its last applied event says.
with ranked as (
    select
        upserted.*,
        row_number() over (partition by upserted.product_offering_id order by upserted.aggregate_version desc) as recency
    from {{ applied_events("stg_catalog__product_offering_upserted") }} as upserted
)

select
    ranked.product_offering_id,
    ranked.product_offering_name,
    ranked.product_family,
    ranked.catalog_version,
    ranked.is_active,
    ranked.event_time as updated_at,
    ranked.event_id as source_event_id,
    ranked.arrival_seq
from ranked
where ranked.recency = 1
