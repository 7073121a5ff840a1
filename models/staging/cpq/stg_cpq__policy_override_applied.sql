with parsed as (
    select
        {{ event_columns("lake_event") }},
        {{ parse_payload("lake_event.payload", "PolicyOverrideApplied") }} as data
    from {{ lake_events("quote", "PolicyOverrideApplied") }}
)

select
    {{ event_columns("parsed") }},
    parsed.aggregate_id as quote_id,
    parsed.data.quoteRevision as quote_revision,
    parsed.data.lineId as line_id,
    parsed.data.policyId as policy_id,
    parsed.data.policyType as policy_type,
    parsed.data.by as overridden_by
from parsed
