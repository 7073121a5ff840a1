with parsed as (
    select
        {{ event_columns("lake_event") }},
        {{ parse_payload("lake_event.payload", "FalloutOpened") }} as data
    from {{ lake_events("fulfillment", "FalloutOpened") }}
)

select
    {{ event_columns("parsed") }},
    parsed.aggregate_id as fallout_case_id,
    parsed.data.orderId as order_id,
    parsed.data.orderItemId as order_item_id,
    parsed.data.taskId as task_id,
    parsed.data.reasonCode as reason_code,
    parsed.data.downstreamSystem as downstream_system,
    parsed.data.ownerTeam as owner_team,
    parsed.data.priority,
    {{ rfc3339_to_utc("parsed.data.dueAt") }} as due_at,
    parsed.data.nextAction as next_action,
    parsed.data.note
from parsed
