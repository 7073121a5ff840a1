{# Rates as delivered, of all snapshots; no rows where none was ever landed. #}
{% macro exchange_rate_snapshots() -%}
    {%- do source("lake", "exchange_rate") -%}
    {{ return(adapter.dispatch("exchange_rate_snapshots", "tieout")()) }}
{%- endmacro %}

{% macro duckdb__exchange_rate_snapshots() -%}
    {%- set pattern = "exchange_rates/snapshot=*/rates.parquet" -%}
    {%- set landed = run_query("select count(*) from glob('" ~ var("lake_path") ~ "/" ~ pattern ~ "')").columns[0][0] if execute else 0 -%}
    {%- if landed > 0 -%}
    {{ lake_files(pattern) }}
    {%- else -%}
    (
        select
            cast(null as string) as snapshot,
            cast(null as date) as rate_date,
            cast(null as string) as currency,
            cast(null as decimal(18, 8)) as rate,
            cast(null as string) as published_source,
            cast(null as date) as published_through
        where false
    )
    {%- endif -%}
{%- endmacro %}

{# Every build lands the shipped rates first, so there is always a snapshot to read. #}
{% macro spark__exchange_rate_snapshots() -%}
    {{ lake_files("exchange_rates/snapshot=*/rates.parquet") }}
{%- endmacro %}

{#
    Reporting-currency columns of a row whose currency is `currency`, given a left join of int_exchange_rate_filled as `rate` on currency and
    date. Same currency: rate 1, id PAR:<currency>. No rate: NULL, and the id is NULL too.
#}
{% macro reporting_rate_id(currency, rate) -%}
    case when {{ currency }} = '{{ var("reporting_currency") }}' then 'PAR:{{ var("reporting_currency") }}' else {{ rate }}.rate_id end
{%- endmacro %}

{% macro reporting_amount(amount, currency, rate) -%}
    case
        when {{ currency }} = '{{ var("reporting_currency") }}' then {{ amount }}
        else {{ convert_amount(amount, rate ~ ".from_rate", rate ~ ".to_rate") }}
    end
{%- endmacro %}

{# The ids of this model's rows whose rate is no longer the one that holds: for the incremental discipline. #}
{% macro ids_with_changed_rate(id, date_key) -%}
    select held.{{ id }}
    from {{ this }} as held
    left join {{ ref("int_exchange_rate_filled") }} as rate
        on held.currency = rate.currency and held.{{ date_key }} = rate.rate_date_key
    where
        held.reporting_currency <> '{{ var("reporting_currency") }}'
        or held.reporting_rate_id is distinct from {{ reporting_rate_id("held.currency", "rate") }}
        or held.reporting_rate is distinct from {{ reporting_rate("held.currency", "rate") }}
{%- endmacro %}

{# Units of the reporting currency per unit of the row's currency, for display and comparison; amounts use both exact legs instead. #}
{% macro reporting_rate(currency, rate) -%}
    case when {{ currency }} = '{{ var("reporting_currency") }}' then cast(1 as decimal(28, 12)) else {{ rate }}.exchange_rate end
{%- endmacro %}

{# to / from with twelve decimals, half up. #}
{% macro cross_rate(from_rate, to_rate) -%}
    {{ return(adapter.dispatch("cross_rate", "tieout")(from_rate, to_rate)) }}
{%- endmacro %}

{% macro duckdb__cross_rate(from_rate, to_rate) -%}
    cast(
        cast(
            (2 * {{ scaled_integer(to_rate, 8) }} * 1000000000000 + {{ scaled_integer(from_rate, 8) }})
            // (2 * {{ scaled_integer(from_rate, 8) }}) as decimal(38, 0)
        ) * cast(0.000000000001 as decimal(12, 12)) as decimal(28, 12)
    )
{%- endmacro %}

{# 25 digits times 12 places is what fits 38: of a wider product Spark keeps six places. #}
{% macro spark__cross_rate(from_rate, to_rate) -%}
    {%- set numerator = "2 * " ~ scaled_integer(to_rate, 8) ~ " * 1000000000000 + " ~ scaled_integer(from_rate, 8) -%}
    cast(
        cast({{ spark_quotient(numerator, "2 * " ~ scaled_integer(from_rate, 8)) }} as decimal(25, 0))
        * cast(0.000000000001 as decimal(12, 12)) as decimal(28, 12)
    )
{%- endmacro %}
