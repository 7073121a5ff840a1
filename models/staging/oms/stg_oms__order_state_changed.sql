with parsed as (
    select
        {{ event_columns("lake_event") }},
        {{ parse_payload("lake_event.payload", "OrderStateChanged") }} as data
    from {{ lake_events("order", "OrderStateChanged") }}
)

select
    {{ event_columns("parsed") }},
    parsed.aggregate_id as order_id,
    parsed.data.state as order_state,
    parsed.data.reasonCode as reason_code
from parsed
