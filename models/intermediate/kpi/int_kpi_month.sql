-- The months of every measure: all months in which anything was observed, so that a month without a row of its own is nothing, not a gap.
-- A month after the as-of time has only what was observed for it, such as the end of a period billed in advance: no stock is known yet.
with months as (
    select observation.month_start_date
    from {{ ref("int_kpi_observation") }} as observation
    group by observation.month_start_date
),

scopes as (
    select
        observation.scope,
        observation.scope_region
    from {{ ref("int_kpi_scope") }} as observation
    group by observation.scope, observation.scope_region
),

parts as (
    select
        observation.measure,
        observation.split_value,
        observation.scope,
        observation.scope_region
    from {{ ref("int_kpi_scope") }} as observation
    union
    select
        measure.measure,
        '' as split_value,
        scopes.scope,
        scopes.scope_region
    from {{ ref("kpi_measure") }} as measure
    cross join scopes
    where measure.split_by is null
),

summed as (
    select
        observation.measure,
        observation.split_value,
        observation.scope,
        observation.scope_region,
        observation.month_start_date,
        sum(observation.numerator) as numerator,
        sum(observation.denominator) as denominator,
        sum(observation.seconds) as seconds,
        count(observation.exclusion_reason) as excluded_count
    from {{ ref("int_kpi_scope") }} as observation
    group by
        observation.measure, observation.split_value, observation.scope, observation.scope_region, observation.month_start_date
)

select
    parts.measure,
    parts.split_value,
    parts.scope,
    parts.scope_region,
    months.month_start_date,
    coalesce(summed.numerator, 0) as numerator,
    coalesce(summed.denominator, 0) as denominator,
    coalesce(summed.seconds, 0) as seconds,
    coalesce(summed.excluded_count, 0) as excluded_count,
    sum(coalesce(summed.numerator, 0)) over (
        partition by parts.measure, parts.split_value, parts.scope, parts.scope_region
        order by months.month_start_date
        rows between unbounded preceding and current row
    ) as stock
from parts
cross join months
left join summed
    on
        parts.measure = summed.measure
        and parts.split_value = summed.split_value
        and parts.scope = summed.scope
        and parts.scope_region = summed.scope_region
        and months.month_start_date = summed.month_start_date
where summed.measure is not null or cast(months.month_start_date as timestamp) <= {{ as_of() }}
