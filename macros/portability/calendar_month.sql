{# The calendar month of a moment as text, such as 2026-10; NULL where the moment is. #}
{% macro calendar_month(moment) -%}
    substr(cast(cast({{ moment }} as date) as varchar), 1, 7)
{%- endmacro %}
