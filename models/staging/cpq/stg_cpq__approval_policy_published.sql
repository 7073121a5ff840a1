with parsed as (
    select
        {{ event_columns("lake_event") }},
        {{ parse_payload("lake_event.payload", "ApprovalPolicyPublished") }} as data
    from {{ lake_events("reference", "ApprovalPolicyPublished") }}
)

select
    {{ event_columns("parsed") }},
    parsed.aggregate_id as approval_policy_id,
    parsed.data.policyVersion as policy_version,
    parsed.data.marginGuardrailPercent as margin_guardrail_percent,
    parsed.data.discountThresholdPercent as discount_threshold_percent,
    parsed.data.leakageTypes as leakage_types,
    {{ rfc3339_to_utc("parsed.data.effectiveFrom") }} as effective_from
from parsed
