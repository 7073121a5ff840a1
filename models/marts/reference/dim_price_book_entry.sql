select
    entry.price_book_entry_id,
    entry.valid_from,
    entry.valid_to,
    entry.valid_from <= {{ as_of() }} and (entry.valid_to is null or {{ as_of() }} < entry.valid_to) as is_current,
    entry.price_book_version,
    entry.product_offering_id,
    entry.currency,
    entry.charge_type,
    entry.list_unit_price,
    entry.floor_unit_price,
    entry.unit_cost,
    entry.source_event_id,
    entry.arrival_seq,
    coalesce(integrity.has_gap, false) as has_gap,
    coalesce(integrity.has_stale_event, false) as has_stale_event,
    coalesce(integrity.has_open_conflict, false) as has_open_conflict
from {{ ref("int_price_book_entry") }} as entry
left join {{ ref("int_aggregate_integrity") }} as integrity
    on entry.price_book_entry_id = integrity.aggregate_id and integrity.aggregate_type = 'PriceBookEntry'
