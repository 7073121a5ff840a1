{# numerator / denominator with six places, half away from zero; NULL for a denominator of zero. Both are decimals of four places. #}
{% macro exact_ratio(numerator, denominator) -%}
    {{ return(adapter.dispatch("exact_ratio", "tieout")(numerator, denominator)) }}
{%- endmacro %}

{# In integers, because DuckDB divides decimals as DOUBLE. Whole divisions of DuckDB go towards zero. #}
{% macro duckdb__exact_ratio(numerator, denominator) -%}
    {%- set top = scaled_integer(numerator, 4) -%}
    {%- set bottom = scaled_integer("nullif(" ~ denominator ~ ", 0)", 4) -%}
    cast(
        cast((2000000 * {{ top }} + cast(sign({{ numerator }}) * sign({{ denominator }}) as integer) * {{ bottom }}) // (2 * {{ bottom }}) as decimal(38, 0))
        * cast(0.000001 as decimal(6, 6)) as decimal(20, 6)
    )
{%- endmacro %}

{% macro spark__exact_ratio(numerator, denominator) -%}
    {%- set bottom = scaled_integer("nullif(" ~ denominator ~ ", 0)", 4) -%}
    {%- set top -%}
    2000000 * {{ scaled_integer(numerator, 4) }} + cast(sign({{ numerator }}) * sign({{ denominator }}) as integer) * {{ bottom }}
    {%- endset -%}
    cast(cast({{ spark_quotient(top, "2 * " ~ bottom) }} as decimal(25, 0)) * cast(0.000001 as decimal(6, 6)) as decimal(20, 6))
{%- endmacro %}
