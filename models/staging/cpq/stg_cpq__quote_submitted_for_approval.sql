with parsed as (
    select
        {{ event_columns("lake_event") }},
        {{ parse_payload("lake_event.payload", "QuoteSubmittedForApproval") }} as data
    from {{ lake_events("quote", "QuoteSubmittedForApproval") }}
)

select
    {{ event_columns("parsed") }},
    parsed.aggregate_id as quote_id,
    parsed.data.quoteRevision as quote_revision,
    parsed.data.submissionSequence as submission_sequence,
    parsed.data.approvalRequired as approval_required,
    parsed.data.policyVersion as policy_version,
    parsed.data.reasonCodes as reason_codes
from parsed
