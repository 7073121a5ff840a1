{# A price chain replayed: adjustments applied one after the other, where a percentage of what is left needs all that went before. #}

{#
    The steps of a chain up to this one, in order: a window, because its rows are spilled and the states of an aggregate are not. A step has an amount, or
    else a percentage of what is left. `order` has no NULLs and no ties.
#}
{% macro price_chain(amount, percent, partition, order) -%}
    {{ return(adapter.dispatch("price_chain", "tieout")(amount, percent, partition, order)) }}
{%- endmacro %}

{% macro duckdb__price_chain(amount, percent, partition, order) -%}
    list(
        struct_pack(
            amount := {{ scaled_integer(amount, 4) }},
            percent := {{ scaled_integer(percent, 4) }},
            remaining := cast(null as hugeint)
        )
    ) over (partition by {{ partition | join(", ") }} order by {{ order }} rows between unbounded preceding and current row)
{%- endmacro %}

{% macro spark__price_chain(amount, percent, partition, order) -%}
    collect_list(
        struct({{ scaled_integer(amount, 4) }} as amount, {{ scaled_integer(percent, 4) }} as percent)
    ) over (partition by {{ partition | join(", ") }} order by {{ order }} rows between unbounded preceding and current row)
{%- endmacro %}

{#
    The amount of the last step of a chain: percentages rounded once each to four decimals, half away from zero. NULL where it did not fit, or where one
    before it did not and it is a percentage.
#}
{% macro replayed_amount(chain, start) -%}
    {{ return(adapter.dispatch("replayed_amount", "tieout")(chain, start)) }}
{%- endmacro %}

{# What is left may have no more digits than an amount, so that no product outgrows its type. #}
{% macro duckdb__replayed_amount(chain, start) -%}
    {%- set share -%}
    case
        when abs(kept.remaining) < 1000000000000000000
            then (2 * kept.remaining * step.percent + sign(kept.remaining) * sign(step.percent) * 1000000) // 2000000
    end
    {%- endset -%}
    try_cast(
        try_cast(
            list_reduce(
                {{ chain }},
                lambda kept, step: struct_pack(
                    amount := coalesce(step.amount, {{ share }}),
                    percent := step.percent,
                    remaining := kept.remaining + coalesce(step.amount, {{ share }})
                ),
                struct_pack(
                    amount := cast(0 as hugeint),
                    percent := cast(0 as hugeint),
                    remaining := {{ scaled_integer(start, 4) }}
                )
            ).amount as decimal(38, 0)
        ) * cast(0.0001 as decimal(4, 4)) as decimal(18, 4)
    )
{%- endmacro %}

{% macro spark__replayed_amount(chain, start) -%}
    {%- set share -%}
    case
        when abs(kept.remaining) < 1000000000000000000
            then {{ spark_quotient(
                "2 * kept.remaining * step.percent + cast(sign(kept.remaining) * sign(step.percent) as integer) * 1000000", "2000000"
            ) }}
    end
    {%- endset -%}
    cast(
        aggregate(
            {{ chain }},
            named_struct(
                'remaining', {{ scaled_integer(start, 4) }},
                'amount', cast(0 as decimal(38, 0))
            ),
            (kept, step) -> named_struct(
                'remaining', cast(kept.remaining + coalesce(step.amount, {{ share }}) as decimal(38, 0)),
                'amount', cast(coalesce(step.amount, {{ share }}) as decimal(38, 0))
            )
        ).amount * cast(0.0001 as decimal(4, 4)) as decimal(18, 4)
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
