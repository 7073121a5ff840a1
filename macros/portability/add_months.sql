{# A date moved by a number of months; where that month is too short, the first day of the next one (see whole_months_between). #}
{% macro add_months(day, months) -%}
    {{ return(adapter.dispatch("add_months", "tieout")(day, months)) }}
{%- endmacro %}

{% macro duckdb__add_months(day, months) -%}
    cast(
        {{ day }} + to_months({{ months }})
        + case when extract(day from {{ day }} + to_months({{ months }})) < extract(day from {{ day }}) then 1 else 0 end * interval 1 day as date
    )
{%- endmacro %}

{% macro spark__add_months(day, months) -%}
    date_add(
        add_months({{ day }}, {{ months }}),
        case when extract(day from add_months({{ day }}, {{ months }})) < extract(day from {{ day }}) then 1 else 0 end
    )
{%- endmacro %}
