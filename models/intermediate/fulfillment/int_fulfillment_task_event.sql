-- What happened to each fulfillment task, as one list: the outcome that each event leaves the task with.
{% set outcome_of_event = {
    "task_created": "open",
    "task_started": "open",
    "task_retried": "open",
    "task_completed": "completed",
    "task_failed": "failed",
    "task_outcome_unknown": "unknown",
    "task_cancelled": "cancelled",
} %}
{% set with_error = ["task_retried", "task_failed", "task_outcome_unknown"] %}
{% for event, outcome in outcome_of_event.items() -%}
select
    {{ event }}.task_id,
    {{ event }}.aggregate_version,
    {{ event }}.event_time,
    {{ event }}.event_id,
    {{ event }}.arrival_seq,
    '{{ event }}' as event_name,
    '{{ outcome }}' as outcome,
    {{ event ~ ".retry_count" if event == "task_retried" else "cast(null as bigint)" }} as retry_count,
    {{ event ~ ".error_code" if event in with_error else "cast(null as string)" }} as error_code
from {{ ref("stg_oms__" ~ event) }} as {{ event }}
{% if not loop.last -%}
union all
{% endif -%}
{% endfor -%}
