-- The KPIs of closed periods that would be other figures today, and why. A row that is on one side only counts as zero on the other.
with adjusted as (
    select
        adjustment.entity,
        adjustment.original_period as period,
        adjustment.currency,
        count(*) as adjustment_count
    from {{ ref("fact_period_adjustment") }} as adjustment
    group by adjustment.entity, adjustment.original_period, adjustment.currency
),

adjusted_period as (
    select
        adjusted.entity,
        adjusted.period,
        sum(adjusted.adjustment_count) as adjustment_count
    from adjusted
    group by adjusted.entity, adjusted.period
),

compared as (
    select
        coalesce(closed.entity, today.entity) as entity,
        coalesce(closed.period, today.period) as period,
        coalesce(closed.kpi_month_id, today.kpi_month_id) as kpi_month_id,
        coalesce(closed.kpi_id, today.kpi_id) as kpi_id,
        coalesce(closed.kpi_name, today.kpi_name) as kpi_name,
        coalesce(closed.measure, today.measure) as measure,
        coalesce(closed.statistic, today.statistic) as statistic,
        coalesce(closed.scope, today.scope) as scope,
        coalesce(closed.region, today.region) as region,
        coalesce(closed.month_start_date, today.month_start_date) as month_start_date,
        coalesce(closed.currency, today.currency) as currency,
        coalesce(closed.category, today.category) as category,
        coalesce(closed.unit, today.unit) as unit,
        closed.numerator as original_numerator,
        today.numerator as new_numerator,
        closed.denominator as original_denominator,
        today.denominator as new_denominator,
        closed.value as original_value,
        today.value as new_value,
        coalesce(closed.excluded_count, 0) as original_excluded_count,
        coalesce(today.excluded_count, 0) as new_excluded_count,
        coalesce(closed.definition_version <> today.definition_version, false) as is_redefined,
        coalesce(not closed.is_mature and closed.as_of < {{ as_of() }}, false) as was_open
    from {{ ref("closed_kpi_monthly") }} as closed
    full outer join {{ ref("restated_kpi_monthly") }} as today
        on closed.entity = today.entity and closed.period = today.period and closed.kpi_month_id = today.kpi_month_id
)

select
    {{ key_text(["compared.entity", "compared.period", "compared.kpi_month_id"]) }} as kpi_restatement_id,
    compared.entity,
    compared.period,
    compared.kpi_month_id,
    compared.kpi_id,
    compared.kpi_name,
    compared.measure,
    compared.statistic,
    compared.scope,
    compared.region,
    compared.month_start_date,
    compared.currency,
    compared.category,
    compared.unit,
    compared.original_numerator,
    compared.new_numerator,
    {{ money("coalesce(compared.new_numerator, 0) - coalesce(compared.original_numerator, 0)") }} as delta_numerator,
    compared.original_denominator,
    compared.new_denominator,
    {{ money("coalesce(compared.new_denominator, 0) - coalesce(compared.original_denominator, 0)") }} as delta_denominator,
    compared.original_value,
    compared.new_value,
    cast(coalesce(compared.new_value, 0) - coalesce(compared.original_value, 0) as decimal(20, 6)) as delta_value,
    compared.original_excluded_count,
    compared.new_excluded_count,
    cast(coalesce(case when compared.unit = 'amount' then adjusted.adjustment_count else adjusted_period.adjustment_count end, 0) as bigint)
        as adjustment_count,
    case
        when compared.is_redefined then 'REDEFINED'
        when compared.unit = 'amount' and adjusted.adjustment_count > 0 then 'ADJUSTED'
        when compared.was_open then 'WINDOW_OPEN'
        when closed.lake_high_water < {{ var("lake_high_water") | int }} then 'LATE_EVENT'
        else 'UNEXPLAINED'
    end as reason
from compared
inner join {{ ref("closed_period") }} as closed on compared.entity = closed.entity and compared.period = closed.period
left join adjusted
    on compared.entity = adjusted.entity and compared.period = adjusted.period and compared.currency = adjusted.currency
left join adjusted_period on compared.entity = adjusted_period.entity and compared.period = adjusted_period.period
where
    coalesce(compared.original_numerator, 0) <> coalesce(compared.new_numerator, 0)
    or coalesce(compared.original_denominator, 0) <> coalesce(compared.new_denominator, 0)
    or coalesce(compared.original_value, 0) <> coalesce(compared.new_value, 0)
    or compared.original_excluded_count <> compared.new_excluded_count
