{# quantity * unit price * periods, rounded once to four decimals; NULL when it does not fit an amount (two huge factors are legal). #}
{% macro extended_amount(quantity, unit_price, periods) -%}
    {{ return(adapter.dispatch("extended_amount", "tieout")(quantity, unit_price, periods)) }}
{%- endmacro %}

{% macro spark__extended_amount(quantity, unit_price, periods) -%}
    {%- set sign = "cast(sign(" ~ quantity ~ ") * sign(" ~ unit_price ~ ") * sign(" ~ periods ~ ") as integer)" -%}
    {%- set numerator -%}
    2 * {{ scaled_integer(quantity, 4) }} * {{ scaled_integer(unit_price, 4) }} * {{ scaled_integer(periods, 4) }} + {{ sign }} * 100000000
    {%- endset -%}
    cast({{ spark_quotient(numerator, "200000000") }} * cast(0.0001 as decimal(4, 4)) as decimal(18, 4))
{%- endmacro %}

{#
    In integers of 10^-4: the product of three is in 10^-12, halves go away from zero. The product is written once only: DuckDB computes
    what occurs twice ahead of try(), where its overflow is an error again.
#}
{% macro duckdb__extended_amount(quantity, unit_price, periods) -%}
    {%- set sign = "sign(" ~ quantity ~ ") * sign(" ~ unit_price ~ ") * sign(" ~ periods ~ ")" -%}
    try(
        cast(
            cast(
                (
                    2 * {{ scaled_integer(quantity, 4) }} * {{ scaled_integer(unit_price, 4) }} * {{ scaled_integer(periods, 4) }}
                    + {{ sign }} * 100000000
                ) // 200000000 as decimal(38, 0)
            ) * cast(0.0001 as decimal(4, 4)) as decimal(18, 4)
        )
    )
{%- endmacro %}
