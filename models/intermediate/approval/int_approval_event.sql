-- What happened to each approval request, as one list; NULL where an event says nothing of a value.
{% set events = {
    "approval_requested": ["approver", "approver_group"],
    "approval_reassigned": ["approver", "approver_group"],
    "approval_decided": ["decision", "decided_by", "valid_until"],
    "approval_recalled": ["reason"],
    "approval_invalidated": ["reason"],
} %}
{% set columns = {
    "approver": "string", "approver_group": "string", "decision": "string", "decided_by": "string", "valid_until": "timestamp",
    "reason": "string",
} %}
{% for event, has in events.items() -%}
select
    {{ event }}.approval_request_id,
    {{ event }}.aggregate_version,
    {{ event }}.event_time,
    {{ event }}.event_id,
    {{ event }}.arrival_seq,
    {%- for column, type in columns.items() %}
    {{ event ~ "." ~ column if column in has else "cast(null as " ~ type ~ ") as " ~ column }},
    {%- endfor %}
    '{{ event }}' as event_name
from {{ ref("stg_cpq__" ~ event) }} as {{ event }}
{% if not loop.last -%}
union all
{% endif -%}
{% endfor -%}
