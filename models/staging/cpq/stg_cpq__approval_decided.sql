with parsed as (
    select
        {{ event_columns("lake_event") }},
        {{ parse_payload("lake_event.payload", "ApprovalDecided") }} as data
    from {{ lake_events("approval", "ApprovalDecided") }}
)

select
    {{ event_columns("parsed") }},
    parsed.aggregate_id as approval_request_id,
    parsed.data.decision as decision,
    parsed.data.decidedBy as decided_by,
    parsed.data.approvedFloorAmounts as approved_floor_amounts,
    {{ rfc3339_to_utc("parsed.data.validUntil") }} as valid_until
from parsed
