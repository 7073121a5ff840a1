{# A price chain replayed: adjustments applied one after the other, where a percentage of what is left needs all that went before. #}

{#
    Aggregate: the steps of a chain in order. A step has an amount, or else a percentage of what is left; where both are NULL an amount did not fit, and
    the chain is NULL from there on. `order` has no NULLs and no ties.
#}
{% macro price_chain(amount, percent, order) -%}
    {{ return(adapter.dispatch("price_chain", "tieout")(amount, percent, order)) }}
{%- endmacro %}

{% macro duckdb__price_chain(amount, percent, order) -%}
    list(
        struct_pack(
            amount := {{ scaled_integer(amount, 4) }},
            percent := {{ scaled_integer(percent, 4) }},
            remaining := cast(null as hugeint),
            amounts := cast(null as hugeint[])
        )
        order by {{ order | join(", ") }}
    )
{%- endmacro %}

{% macro spark__price_chain(amount, percent, order) -%}
    array_sort(
        collect_list(
            struct(
                {{ order | join(", ") }},
                {{ scaled_integer(amount, 4) }} as amount,
                {{ scaled_integer(percent, 4) }} as percent
            )
        )
    )
{%- endmacro %}

{# The amount of each step, as a list in the order of the chain: percentages rounded once each to four decimals, half away from zero. #}
{% macro replayed_amounts(chain, start) -%}
    {{ return(adapter.dispatch("replayed_amounts", "tieout")(chain, start)) }}
{%- endmacro %}

{# What is left may have no more digits than an amount, so that no product outgrows its type. #}
{% macro duckdb__replayed_amounts(chain, start) -%}
    {%- set share -%}
    case
        when abs(kept.remaining) < 1000000000000000000
            then (2 * kept.remaining * step.percent + sign(kept.remaining) * sign(step.percent) * 1000000) // 2000000
    end
    {%- endset -%}
    list_transform(
        list_reduce(
            {{ chain }},
            lambda kept, step: struct_pack(
                amount := step.amount,
                percent := step.percent,
                remaining := kept.remaining + coalesce(step.amount, {{ share }}),
                amounts := list_append(kept.amounts, coalesce(step.amount, {{ share }}))
            ),
            struct_pack(
                amount := cast(0 as hugeint),
                percent := cast(0 as hugeint),
                remaining := {{ scaled_integer(start, 4) }},
                amounts := cast([] as hugeint[])
            )
        ).amounts,
        lambda replayed: try_cast(try_cast(replayed as decimal(38, 0)) * cast(0.0001 as decimal(4, 4)) as decimal(18, 4))
    )
{%- endmacro %}

{% macro spark__replayed_amounts(chain, start) -%}
    {%- set share -%}
    case
        when abs(kept.remaining) < 1000000000000000000
            then {{ spark_quotient(
                "2 * kept.remaining * step.percent + cast(sign(kept.remaining) * sign(step.percent) as integer) * 1000000", "2000000"
            ) }}
    end
    {%- endset -%}
    transform(
        aggregate(
            {{ chain }},
            named_struct(
                'remaining', {{ scaled_integer(start, 4) }},
                'amounts', cast(array() as array<decimal(38, 0)>)
            ),
            (kept, step) -> named_struct(
                'remaining', cast(kept.remaining + coalesce(step.amount, {{ share }}) as decimal(38, 0)),
                'amounts', concat(kept.amounts, array(cast(coalesce(step.amount, {{ share }}) as decimal(38, 0))))
            )
        ).amounts,
        replayed -> cast(replayed * cast(0.0001 as decimal(4, 4)) as decimal(18, 4))
    )
{%- endmacro %}

{# An amount to the minor units of its currency, half away from zero; NULL where these are not known. #}
{% macro in_minor_units(amount, minor_units) -%}
    case {{ minor_units }}
        {%- for places in [0, 1, 2, 3] %}
        when {{ places }} then cast(round({{ amount }}, {{ places }}) as decimal(18, 4))
        {%- endfor %}
        when 4 then {{ amount }}
    end
{%- endmacro %}
