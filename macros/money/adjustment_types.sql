{# The adjustment types that have a column of their own in fact_quote_line_price; a data test holds this list to the seed. #}
{% macro adjustment_types() -%}
    {{ return([
        "CONTRACTED_PRICE", "VOLUME_TERM_SCHEDULE", "BUNDLE", "PROMOTION", "RENEWAL_INCENTIVE", "LINE_DISCRETIONARY", "MANUAL_OVERRIDE",
        "PARTNER_MARGIN", "ROUNDING", "UNCLASSIFIED",
    ]) }}
{%- endmacro %}

{# quantity * unit price * periods, rounded once to four decimals; NULL when it does not fit an amount (two huge factors are legal). #}
{% macro extended_amount(quantity, unit_price, periods) -%}
    {{ return(adapter.dispatch("extended_amount", "tieout")(quantity, unit_price, periods)) }}
{%- endmacro %}

{# In integers of 10^-4: the product of three is in 10^-12. #}
{% macro duckdb__extended_amount(quantity, unit_price, periods) -%}
    {%- set product = scaled_integer(quantity, 4) ~ " * " ~ scaled_integer(unit_price, 4) ~ " * " ~ scaled_integer(periods, 4) -%}
    try(
        cast(
            cast((2 * {{ product }} + sign({{ product }}) * 100000000) // 200000000 as decimal(38, 0))
            * cast(0.0001 as decimal(4, 4)) as decimal(18, 4)
        )
    )
{%- endmacro %}
