-- The unit price that a captured line was pinned to: of each entry of its price book, offering, currency and charge, what was said by the
-- time of pricing of the latest day that had begun. An entry told only later counts with the first that was said of it.
with said as (
    select
        line.quote_id,
        line.quote_revision,
        line.quote_line_id,
        line.priced_at,
        entry.price_book_entry_id,
        entry.event_id,
        entry.list_unit_price,
        entry.valid_to,
        row_number() over (
            partition by line.quote_id, line.quote_revision, line.quote_line_id, entry.price_book_entry_id
            order by
                case when entry.event_time <= line.priced_at then 0 else entry.aggregate_version end asc,
                entry.valid_from desc,
                entry.aggregate_version desc
        ) as recency
    from {{ ref("int_quote_line") }} as line
    inner join {{ applied_events("stg_catalog__price_book_entry_upserted") }} as entry
        on
            line.price_book_version = entry.price_book_version
            and line.product_offering_id = entry.product_offering_id
            and line.currency = entry.currency
            and line.charge_type = entry.charge_type
            and line.priced_at >= entry.valid_from
)

select
    said.quote_id,
    said.quote_revision,
    said.quote_line_id,
    count(*) as entry_count,
    min(said.price_book_entry_id) as price_book_entry_id,
    min_by(said.event_id, said.price_book_entry_id) as price_book_event_id,
    min_by(said.list_unit_price, said.price_book_entry_id) as list_unit_price
from said
where said.recency = 1 and (said.valid_to is null or said.priced_at < said.valid_to)
group by said.quote_id, said.quote_revision, said.quote_line_id
