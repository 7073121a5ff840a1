-- KPI 20: charges due or billed against what was ordered. Timing and rounding are no mismatch and stand apart; what was billed too much and
-- what too little are never netted. What is not due yet has no period that ended: it is shown at the as-of time.
with charge as (
    select
        chain.*,
        chain.mismatched_component_count > 0 as is_mismatch,
        case
            when chain.billing_period_end_month is not null then cast(concat_ws('', chain.billing_period_end_month, '-01') as timestamp)
        end as period_month
    from {{ ref("fact_commercial_chain") }} as chain
    where chain.order_billing_class is not null
)

select
    {{ kpi_columns(
        "contract_billing_mismatch_rate", "charge.chain_key", "charge.period_month", quote_id="charge.quote_id",
        order_id="charge.order_id", numerator="charge.mismatched_component_count", denominator="charge.component_count",
    ) }}
from charge
where charge.component_count > 0
union all
select
    {{ kpi_columns(
        "contract_billing_mismatches_by_class", "charge.chain_key", "charge.period_month", quote_id="charge.quote_id",
        order_id="charge.order_id", numerator="charge.mismatched_component_count", split_value="charge.order_billing_class",
    ) }}
from charge
where charge.is_mismatch
union all
{% for measure, amount, moment, condition in [
    ("over_billed_amount", "charge.order_billing_over_net_amount", "charge.period_month", "charge.is_mismatch"),
    ("under_billed_amount", "charge.order_billing_under_net_amount", "charge.period_month", "charge.is_mismatch"),
    (
        "billing_rounding_amount", "charge.order_billing_over_net_amount + charge.order_billing_under_net_amount",
        "charge.period_month", "charge.order_billing_class in ('rounding', 'within_tolerance')",
    ),
    ("billing_timing_amount", "charge.order_billing_under_net_amount", as_of(), "charge.order_billing_class = 'timing'"),
] -%}
select
    {{ kpi_columns(
        measure, "charge.chain_key", moment, quote_id="charge.quote_id", order_id="charge.order_id", numerator=amount,
        split_value="charge.currency",
    ) }}
from charge
where {{ condition }}
{% if not loop.last -%}
union all
{% endif -%}
{% endfor -%}
