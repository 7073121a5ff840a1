-- What an event says beyond its kind, in a few words: the state, the reason, the error or the outcome that it names.
{% set details = {
    "stg_cpq__quote_revised": "detail.reason",
    "stg_cpq__quote_priced": "concat_ws(' ', 'trigger', detail.pricing_trigger)",
    "stg_cpq__quote_rejected": "detail.reason_code",
    "stg_cpq__quote_cancelled": "detail.reason_code",
    "stg_cpq__quote_conversion_attempted": "detail.outcome",
    "stg_cpq__approval_decided": "detail.decision",
    "stg_cpq__approval_invalidated": "detail.reason",
    "stg_oms__order_submission_attempted": "detail.outcome",
    "stg_oms__order_state_changed": "concat_ws(' ', detail.order_state, detail.reason_code)",
    "stg_oms__order_item_state_changed": "concat_ws(' ', detail.order_item_id, detail.item_state, detail.milestone)",
    "stg_oms__order_item_feasibility_checked": "concat_ws(' ', detail.order_item_id, detail.outcome)",
    "stg_oms__order_decomposition_attempted": "detail.outcome",
    "stg_oms__order_cancellation_decided": "detail.outcome",
    "stg_oms__task_created": "concat_ws(' ', detail.task_type, 'in', detail.downstream_system)",
    "stg_oms__task_retried": "detail.error_code",
    "stg_oms__task_failed": "detail.error_code",
    "stg_oms__task_outcome_unknown": "detail.error_code",
    "stg_oms__fallout_opened": "concat_ws(' ', detail.reason_code, 'in', detail.downstream_system)",
    "stg_oms__fallout_recovered": "detail.resolution",
    "stg_oms__fallout_reopened": "detail.reason_code",
} %}
{% for staging, detail in details.items() -%}
select
    detail.arrival_seq,
    {{ detail }} as detail
from {{ ref(staging) }} as detail
{% if not loop.last -%}
union all
{% endif -%}
{% endfor -%}
