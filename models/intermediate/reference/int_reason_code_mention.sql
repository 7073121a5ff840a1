-- Every reason that applied events name, with the domain that it belongs to: the same code may mean different things in two of them.
{% set single = [
    ("APPROVAL_WITHDRAWAL", "stg_cpq__approval_invalidated", "reason"),
    ("APPROVAL_WITHDRAWAL", "stg_cpq__approval_recalled", "reason"),
    ("QUOTE_REVISION", "stg_cpq__quote_revised", "reason"),
    ("QUOTE_OUTCOME", "stg_cpq__quote_approved", "reason_code"),
    ("QUOTE_OUTCOME", "stg_cpq__quote_sent", "reason_code"),
    ("QUOTE_OUTCOME", "stg_cpq__quote_rejected", "reason_code"),
    ("QUOTE_OUTCOME", "stg_cpq__quote_expired", "reason_code"),
    ("QUOTE_OUTCOME", "stg_cpq__quote_cancelled", "reason_code"),
    ("ORDER_STATE", "stg_oms__order_state_changed", "reason_code"),
    ("FEASIBILITY", "stg_oms__order_item_feasibility_checked", "reason_code"),
    ("CANCELLATION_CONFLICT", "stg_oms__order_cancellation_decided", "conflict_reason"),
    ("FALLOUT", "stg_oms__fallout_opened", "reason_code"),
    ("FALLOUT", "stg_oms__fallout_reopened", "reason_code"),
    ("BILLING_HANDOFF", "stg_billing__billing_handoff_failed", "reason_code"),
    ("CREDIT_NOTE", "stg_billing__credit_note_issued", "reason_code"),
    ("ASSET_TERMINATION", "stg_inventory__asset_terminated", "reason_code"),
] %}
{% for domain, model, column in single -%}
select
    '{{ domain }}' as domain,
    named.{{ column }} as reason_code,
    named.event_time as named_at
from {{ applied_events(model) }} as named
where named.{{ column }} is not null
union all
{% endfor -%}
select
    'ADJUSTMENT' as domain,
    adjustment.reason_code,
    adjustment.priced_at as named_at
from {{ ref("int_quote_line_adjustment") }} as adjustment
where adjustment.reason_code is not null
union all
select
    'APPROVAL' as domain,
    reason_code,
    submitted.event_time as named_at
from {{ applied_events("stg_cpq__quote_submitted_for_approval") }} as submitted
{{ explode("submitted.reason_codes", "reason_code") }}
