with parsed as (
    select
        {{ event_columns("lake_event") }},
        {{ parse_payload("lake_event.payload", "OrderCancellationRequested") }} as data
    from {{ lake_events("order", "OrderCancellationRequested") }}
)

select
    {{ event_columns("parsed") }},
    parsed.aggregate_id as order_id,
    parsed.data.requestId as request_id,
    parsed.data.orderItemIds as order_item_ids
from parsed
