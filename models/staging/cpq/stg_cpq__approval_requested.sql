with parsed as (
    select
        {{ event_columns("lake_event") }},
        {{ parse_payload("lake_event.payload", "ApprovalRequested") }} as data
    from {{ lake_events("approval", "ApprovalRequested") }}
)

select
    {{ event_columns("parsed") }},
    parsed.aggregate_id as approval_request_id,
    parsed.data.quoteId as quote_id,
    parsed.data.quoteRevision as quote_revision,
    parsed.data.submissionSequence as submission_sequence,
    parsed.data.approver as approver,
    parsed.data.approverGroup as approver_group,
    parsed.data.policyVersion as policy_version,
    parsed.data.reasonCodes as reason_codes,
    parsed.data.requestedBy as requested_by,
    {{ rfc3339_to_utc("parsed.data.slaDueAt") }} as sla_due_at,
    parsed.data.maxDiscountPercent as max_discount_percent
from parsed
