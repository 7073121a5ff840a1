with parsed as (
    select
        {{ event_columns("lake_event") }},
        {{ parse_payload("lake_event.payload", "TaskCreated") }} as data
    from {{ lake_events("fulfillment", "TaskCreated") }}
)

select
    {{ event_columns("parsed") }},
    parsed.aggregate_id as task_id,
    parsed.data.orderId as order_id,
    parsed.data.orderItemId as order_item_id,
    parsed.data.taskType as task_type,
    parsed.data.downstreamSystem as downstream_system,
    parsed.data.ownerTeam as owner_team,
    {{ rfc3339_to_utc("parsed.data.slaDueAt") }} as sla_due_at,
    parsed.data.dependsOn as depends_on_task_ids
from parsed
