{#
    A dimension of what events name but none describes: one row per value, when it was first and last named, and in how many rows of the sources.

    sources: [{"model": …, "column": …, "moment": …, "applied": true where the model is staging or an event list, whose stale events say nothing}]
#}
{% macro named_dimension(key, sources) -%}
with named as (
    {%- for source in sources %}
    select
        source_{{ loop.index }}.{{ source.column }} as {{ key }},
        source_{{ loop.index }}.{{ source.moment }} as named_at
    from {% if source.applied %}{{ applied_events(source.model) }}{% else %}{{ ref(source.model) }}{% endif %} as source_{{ loop.index }}
    where source_{{ loop.index }}.{{ source.column }} is not null
    {{- "\n    union all" if not loop.last }}
    {%- endfor %}
)

select
    named.{{ key }},
    min(named.named_at) as first_seen_at,
    max(named.named_at) as last_seen_at,
    count(*) as mention_count
from named
group by named.{{ key }}
{%- endmacro %}
