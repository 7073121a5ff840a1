{# What int_aggregate_integrity says of an aggregate; nothing is wrong with one that it does not know. #}
{% macro integrity_flags(integrity="integrity") -%}
    coalesce({{ integrity }}.has_gap, false) as has_gap,
    coalesce({{ integrity }}.has_stale_event, false) as has_stale_event,
    coalesce({{ integrity }}.has_open_conflict, false) as has_open_conflict
{%- endmacro %}
