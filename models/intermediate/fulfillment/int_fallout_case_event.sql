-- What happened to each fallout case, as one list. An assignment changes who acts, not the state.
{% set events = {
    "fallout_opened": {"state": "'open'", "has": ["reason_code", "downstream_system", "owner_team", "next_action", "due_at"]},
    "fallout_assigned": {"state": "cast(null as string)", "has": ["owner_team", "assignee", "next_action", "due_at"]},
    "fallout_recovered": {"state": "'recovered'", "has": ["resolution"]},
    "fallout_reopened": {"state": "'open'", "has": ["reason_code"]},
} %}
{% set columns = {
    "reason_code": "string", "downstream_system": "string", "owner_team": "string", "assignee": "string", "next_action": "string", "due_at": "timestamp",
    "resolution": "string",
} %}
{% for event, fact in events.items() -%}
select
    {{ event }}.fallout_case_id,
    {{ event }}.aggregate_version,
    {{ event }}.event_time,
    {{ event }}.event_id,
    {{ event }}.arrival_seq,
    '{{ event }}' as event_name,
    {%- for column, type in columns.items() %}
    {{ event ~ "." ~ column if column in fact.has else "cast(null as " ~ type ~ ") as " ~ column }},
    {%- endfor %}
    {{ fact.state }} as case_state
from {{ ref("stg_oms__" ~ event) }} as {{ event }}
{% if not loop.last -%}
union all
{% endif -%}
{% endfor -%}
