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
    {{ integrity_flags() }}
from {{ ref("int_price_book_entry") }} as entry
left join {{ ref("int_aggregate_integrity") }} as integrity
    on entry.price_book_entry_id = integrity.aggregate_id and integrity.aggregate_type = 'PriceBookEntry'
