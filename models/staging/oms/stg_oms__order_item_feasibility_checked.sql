with parsed as (
    select
        {{ event_columns("lake_event") }},
        {{ parse_payload("lake_event.payload", "OrderItemFeasibilityChecked") }} as data
    from {{ lake_events("order", "OrderItemFeasibilityChecked") }}
)

select
    {{ event_columns("parsed") }},
    parsed.aggregate_id as order_id,
    parsed.data.orderItemId as order_item_id,
    parsed.data.checkCycle as check_cycle,
    parsed.data.outcome,
    parsed.data.reasonCode as reason_code
from parsed
