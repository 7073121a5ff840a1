-- fact_quote_pricing_run against every pricing that the lake holds.
{% set charge_types = ["ONE_TIME", "RECURRING", "USAGE"] %}
with net_in_lake as (
    select
        {%- for charge_type in charge_types %}
        {{ money("sum(case line.chargeType when '" ~ charge_type ~ "' then line.netAmount else 0 end)") }}
            as {{ charge_type | lower }}_net_amount,
        {%- endfor %}
        priced.arrival_seq
    from {{ ref("stg_cpq__quote_priced") }} as priced
    {{ explode("priced.lines", "line") }}
    group by priced.arrival_seq
),

lake_row as (
    select
        priced.is_counted,
        priced.quote_id,
        priced.quote_revision,
        priced.event_id as source_event_id,
        priced.event_time as priced_at,
        priced.pricing_trigger,
        {%- for charge_type in charge_types %}
        net_in_lake.{{ charge_type | lower }}_net_amount,
        {%- endfor %}
        priced.currency
    from {{ counted_events("stg_cpq__quote_priced") }} as priced
    left join net_in_lake on priced.arrival_seq = net_in_lake.arrival_seq
),

{{ row_pair_sides(
    "quote_pricing_run", "fact_quote_pricing_run", "priced_at",
    {
        "quote_id": "varchar", "quote_revision": "bigint", "source_event_id": "varchar", "priced_at": "timestamp",
        "pricing_trigger": "varchar", "currency": "varchar", "one_time_net_amount": "decimal(18,4)",
        "recurring_net_amount": "decimal(18,4)", "usage_net_amount": "decimal(18,4)",
    },
    sums=["one_time_net_amount", "recurring_net_amount", "usage_net_amount"],
) }}
