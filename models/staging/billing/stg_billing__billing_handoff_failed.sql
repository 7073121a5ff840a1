with parsed as (
    select
        {{ event_columns("lake_event") }},
        {{ parse_payload("lake_event.payload", "BillingHandoffFailed") }} as data
    from {{ lake_events("billing", "BillingHandoffFailed") }}
)

select
    {{ event_columns("parsed") }},
    parsed.aggregate_id as subscription_id,
    parsed.data.orderId as order_id,
    parsed.data.orderItemId as order_item_id,
    parsed.data.reasonCode as reason_code
from parsed
