with parsed as (
    select
        {{ event_columns("lake_event") }},
        {{ parse_payload("lake_event.payload", "ApprovalReassigned") }} as data
    from {{ lake_events("approval", "ApprovalReassigned") }}
)

select
    {{ event_columns("parsed") }},
    parsed.aggregate_id as approval_request_id,
    parsed.data.approver as approver,
    parsed.data.approverGroup as approver_group
from parsed
