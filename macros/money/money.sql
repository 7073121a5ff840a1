{#
    An amount: exact, four decimals; NULL when it does not fit 14 digits before the point, so that one absurd but valid event cannot stop every build
    after it. Whoever checks an identity counts NULL as broken.
#}
{% macro money(expression) -%}
    {{ return(adapter.dispatch("money", "tieout")(expression)) }}
{%- endmacro %}

{% macro duckdb__money(expression) -%}
    try_cast({{ expression }} as decimal(18, 4))
{%- endmacro %}

{# Outside ANSI mode a cast of what does not fit is NULL. #}
{% macro spark__money(expression) -%}
    cast({{ expression }} as decimal(18, 4))
{%- endmacro %}

{#
    An amount converted by two reference rates that are both quoted per the same third currency (units per EUR): amount * to / from,
    exact until it is rounded once, half away from zero, to four decimals. NULL where a rate is missing, or when it does not fit (see money).
#}
{% macro convert_amount(amount, from_rate, to_rate) -%}
    {{ return(adapter.dispatch("convert_amount", "tieout")(amount, from_rate, to_rate)) }}
{%- endmacro %}

{#  In integers, because DuckDB divides decimals as DOUBLE: amount in 10^-4, rates in 10^-8; 18 + 18 digits stay within HUGEINT. #}
{% macro duckdb__convert_amount(amount, from_rate, to_rate) -%}
    {%- set numerator -%}
    {{ scaled_integer(amount, 4) }} * {{ scaled_integer(to_rate, 8) }}
    {%- endset -%}
    {%- set denominator = scaled_integer(from_rate, 8) -%}
    try_cast(
        cast((2 * ({{ numerator }}) + sign({{ amount }}) * {{ denominator }}) // (2 * {{ denominator }}) as decimal(38, 0))
        * cast(0.0001 as decimal(4, 4)) as decimal(18, 4)
    )
{%- endmacro %}

{#  In whole decimals: 18 + 18 digits and the factor 2 stay within 38; beyond that a product is NULL. #}
{% macro spark__convert_amount(amount, from_rate, to_rate) -%}
    {%- set denominator = scaled_integer(from_rate, 8) -%}
    {%- set numerator -%}
    2 * {{ scaled_integer(amount, 4) }} * {{ scaled_integer(to_rate, 8) }} + cast(sign({{ amount }}) as integer) * {{ denominator }}
    {%- endset -%}
    cast({{ spark_quotient(numerator, "2 * " ~ denominator) }} * cast(0.0001 as decimal(4, 4)) as decimal(18, 4))
{%- endmacro %}

{# A decimal as an integer of its last place: 1.5000 with 4 places is 15000. Widened first: DuckDB keeps the width of a product. #}
{% macro scaled_integer(expression, places) -%}
    {{ return(adapter.dispatch("scaled_integer", "tieout")(expression, places)) }}
{%- endmacro %}

{% macro spark__scaled_integer(expression, places) -%}
    cast(cast({{ expression }} as decimal(38, {{ places }})) * {{ 10 ** places }} as decimal(38, 0))
{%- endmacro %}

{#  The whole part of numerator / denominator, both whole decimals: Spark's `div` is a BIGINT that wraps around without a word, and `/` rounds, so
    what is left over is taken away first. #}
{% macro spark_quotient(numerator, denominator) -%}
    cast((({{ numerator }}) - ({{ numerator }}) % ({{ denominator }})) / ({{ denominator }}) as decimal(38, 0))
{%- endmacro %}

{% macro duckdb__scaled_integer(expression, places) -%}
    cast(cast(cast({{ expression }} as decimal(38, {{ places }})) * {{ 10 ** places }} as decimal(38, 0)) as hugeint)
{%- endmacro %}
