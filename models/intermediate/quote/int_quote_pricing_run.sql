{{ config(materialized="incremental", incremental_strategy="touched", unique_key="quote_id", touched="Quote") }}

{% set charge_types = ["ONE_TIME", "RECURRING", "USAGE"] %}
with pricing as (
    select priced.*
    from {{ applied_events("stg_cpq__quote_priced", "Quote") }} as priced
),

priced_line as (
    select
        pricing.arrival_seq as priced_arrival_seq,
        pricing.currency,
        line.lineId as quote_line_id,
        line.chargeType as charge_type,
        line.netAmount as net_amount
    from pricing
    {{ explode("pricing.lines", "line") }}
),

totalled as (
    select
        priced_line.priced_arrival_seq,
        count(*) as line_count,
        {%- for charge_type in charge_types %}
        {{ money("sum(case when priced_line.charge_type = '" ~ charge_type ~ "' then priced_line.net_amount else 0 end)") }}
            as {{ charge_type | lower }}_net_amount,
        {%- endfor %}
        {{ content_checksum({
            "quote_line_id": "varchar", "charge_type": "varchar", "currency": "varchar", "net_amount": "decimal(18,4)",
        }) }} as net_hash
    from priced_line
    group by priced_line.priced_arrival_seq
),

numbered as (
    select
        pricing.*,
        cast(
            row_number() over (partition by pricing.quote_id, pricing.quote_revision order by pricing.aggregate_version) as bigint
        ) as pricing_run_number,
        totalled.line_count,
        {%- for charge_type in charge_types %}
        totalled.{{ charge_type | lower }}_net_amount,
        {%- endfor %}
        coalesce(totalled.net_hash, 0) as net_hash,
        lag(coalesce(totalled.net_hash, 0)) over (
            partition by pricing.quote_id, pricing.quote_revision
            order by pricing.aggregate_version
        ) as net_hash_before
    from pricing
    left join totalled on pricing.arrival_seq = totalled.priced_arrival_seq
)

select
    numbered.quote_id,
    numbered.quote_revision,
    numbered.pricing_run_number,
    numbered.pricing_run_number = 1 as is_first_of_revision,
    numbered.event_time as priced_at,
    numbered.pricing_trigger,
    numbered.catalog_version,
    numbered.price_book_version,
    numbered.pricing_engine_version,
    numbered.policy_version,
    numbered.currency,
    numbered.line_count,
    {%- for charge_type in charge_types %}
    numbered.{{ charge_type | lower }}_net_amount,
    {%- endfor %}
    numbered.net_hash,
    case when numbered.pricing_run_number > 1 then numbered.net_hash <> numbered.net_hash_before end as is_net_changed,
    numbered.event_id as source_event_id,
    numbered.arrival_seq
from numbered
