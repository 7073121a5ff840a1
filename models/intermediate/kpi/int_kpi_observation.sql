{{ config(materialized="table") }}

-- Every row that a KPI counts, or leaves out and why. Accounts for tests are left out of all of them.
{% set families = [
    "int_kpi_quote_cycle", "int_kpi_configuration", "int_kpi_approval", "int_kpi_stale_approval", "int_kpi_quote_conversion",
    "int_kpi_submission", "int_kpi_fallout", "int_kpi_lead_time", "int_kpi_unknown_outcome", "int_kpi_leakage",
    "int_kpi_margin", "int_kpi_policy_override", "int_kpi_billing", "int_kpi_price_replay", "int_kpi_business_time",
] %}
with observed as (
    {% for family in families -%}
    select family.*
    from {{ ref(family) }} as family
    {% if not loop.last -%}
    union all
    {% endif -%}
    {% endfor %}
),

described as (
    select
        observed.*,
        coalesce(quote.account_id, orders.account_id) as account_id,
        coalesce(quote.region, orders.region) as region,
        case when account.is_test then 'test_account' else observed.exclusion_reason end as reason
    from observed
    left join {{ ref("int_quote_header") }} as quote on observed.quote_id = quote.quote_id
    left join {{ ref("int_order_state") }} as orders on observed.order_id = orders.order_id
    left join {{ ref("int_account_current") }} as account on coalesce(quote.account_id, orders.account_id) = account.account_id
    where observed.observed_at is not null
)

select
    measure.kpi_id,
    described.measure,
    described.entity_id,
    described.observed_at,
    cast(described.observed_at as date) as observed_date,
    {{ month_start("described.observed_at") }} as month_start_date,
    described.quote_id,
    described.order_id,
    described.account_id,
    described.region,
    described.split_value,
    case when described.reason is null then described.numerator else 0 end as numerator,
    case when described.reason is null then described.denominator else 0 end as denominator,
    case when described.reason is null then described.seconds end as seconds,
    described.reason as exclusion_reason
from described
inner join {{ ref("kpi_measure") }} as measure on described.measure = measure.measure
