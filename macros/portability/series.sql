{# A relation of the whole numbers from first to last, as column `number`. #}
{% macro numbers(first, last) -%}
    {{ return(adapter.dispatch("numbers", "tieout")(first, last)) }}
{%- endmacro %}

{% macro duckdb__numbers(first, last) -%}
    (select cast(series.number as integer) as number from range({{ first }}, {{ last }} + 1) as series (number))
{%- endmacro %}

{% macro spark__numbers(first, last) -%}
    (select explode(sequence({{ first }}, {{ last }})) as number)
{%- endmacro %}

{# A date moved by a number of days. #}
{% macro add_days(day, days) -%}
    {{ return(adapter.dispatch("add_days", "tieout")(day, days)) }}
{%- endmacro %}

{% macro duckdb__add_days(day, days) -%}
    cast({{ day }} + {{ days }} as date)
{%- endmacro %}

{% macro spark__add_days(day, days) -%}
    date_add({{ day }}, {{ days }})
{%- endmacro %}
