-- What happened to each policy override, as one list; a line of NULL is the whole revision.
{% for event, by in {"applied": "overridden_by", "removed": "removed_by"}.items() -%}
select
    {{ event }}.quote_id,
    {{ event }}.quote_revision,
    {{ event }}.line_id as quote_line_id,
    {{ event }}.policy_id,
    {{ event }}.policy_type,
    {{ event }}.{{ by }} as changed_by,
    {{ "true" if event == "applied" else "false" }} as is_in_force,
    {{ event }}.aggregate_id,
    {{ event }}.aggregate_version,
    {{ event }}.event_time,
    {{ event }}.event_id,
    {{ event }}.arrival_seq
from {{ ref("stg_cpq__policy_override_" ~ event) }} as {{ event }}
{% if not loop.last -%}
union all
{% endif -%}
{% endfor -%}
