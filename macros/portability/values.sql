{#
    Aggregate: the value of the row with the highest order, NULL where that row has none. max_by is portable only where no value is NULL: DuckDB's
    passes over rows without one, Spark's does not. Rows whose order is NULL do not count.
#}
{% macro value_at_last(value, order) -%}
    {{ return(adapter.dispatch("value_at_last", "tieout")(value, order)) }}
{%- endmacro %}

{% macro duckdb__value_at_last(value, order) -%}
    arg_max_null({{ value }}, {{ order }})
{%- endmacro %}

{% macro spark__value_at_last(value, order) -%}
    max_by({{ value }}, {{ order }})
{%- endmacro %}
