-- What happened to each order, as one list: the milestone that each event stands for.
{% set milestones = {
    "order_submission_attempted": "case happened.outcome when 'ACCEPTED' then 'accepted' when 'REJECTED' then 'rejected' else 'unanswered' end",
    "order_submitted": "'submitted'",
    "order_state_changed": "lower(happened.order_state)",
    "order_item_state_changed": "'item_changed'",
    "order_item_feasibility_checked": "'checked'",
    "order_decomposition_attempted": "case happened.outcome when 'SUCCEEDED' then 'decomposed' else 'decomposition_failed' end",
    "order_cancellation_requested": "'cancellation_requested'",
    "order_cancellation_decided": "'cancellation_decided'",
} %}
{% for event, milestone in milestones.items() -%}
select
    happened.order_id,
    happened.aggregate_version,
    happened.event_time,
    happened.event_id,
    happened.arrival_seq,
    '{{ event }}' as event_name,
    {{ milestone }} as milestone
from {{ ref("stg_oms__" ~ event) }} as happened
{% if not loop.last -%}
union all
{% endif -%}
{% endfor -%}
