with parsed as (
    select
        {{ event_columns("lake_event") }},
        {{ parse_payload("lake_event.payload", "OrderItemStateChanged") }} as data
    from {{ lake_events("order", "OrderItemStateChanged") }}
)

select
    {{ event_columns("parsed") }},
    parsed.aggregate_id as order_id,
    parsed.data.orderItemId as order_item_id,
    parsed.data.state as item_state,
    parsed.data.milestone
from parsed
