with parsed as (
    select
        {{ event_columns("lake_event") }},
        {{ parse_payload("lake_event.payload", "FalloutAssigned") }} as data
    from {{ lake_events("fulfillment", "FalloutAssigned") }}
)

select
    {{ event_columns("parsed") }},
    parsed.aggregate_id as fallout_case_id,
    parsed.data.ownerTeam as owner_team,
    parsed.data.assignee,
    parsed.data.nextAction as next_action,
    {{ rfc3339_to_utc("parsed.data.dueAt") }} as due_at
from parsed
