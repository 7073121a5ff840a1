-- Median and ninetieth percentile of the durations of a month, from the single durations. The median of an even number of them is the
-- mean of the two in the middle; the percentile is the least duration that nine tenths do not exceed.
{% set group = "observation.measure, observation.split_value, observation.scope, observation.scope_region, observation.month_start_date" %}
with ranked as (
    select
        observation.measure,
        observation.split_value,
        observation.scope,
        observation.scope_region,
        observation.month_start_date,
        observation.seconds,
        row_number() over (partition by {{ group }} order by observation.seconds) as place,
        count(*) over (partition by {{ group }}) as places
    from {{ ref("int_kpi_scope") }} as observation
    where observation.seconds is not null
)

select
    ranked.measure,
    ranked.split_value,
    ranked.scope,
    ranked.scope_region,
    ranked.month_start_date,
    cast(
        sum(case when 2 * ranked.place between ranked.places and ranked.places + 2 then ranked.seconds end)
        * case when max(ranked.places) % 2 = 0 then cast(0.5 as decimal(2, 1)) else cast(1 as decimal(2, 1)) end as decimal(20, 6)
    ) as median_seconds,
    cast(
        min(case when 10 * ranked.place >= 9 * ranked.places then ranked.seconds end) as decimal(20, 6)
    ) as p90_seconds
from ranked
group by ranked.measure, ranked.split_value, ranked.scope, ranked.scope_region, ranked.month_start_date
