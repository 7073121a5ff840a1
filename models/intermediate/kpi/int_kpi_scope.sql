-- The observations once for the business as a whole and once for the region they belong to; '' where no region is known.
select
    observation.measure,
    observation.split_value,
    observation.month_start_date,
    'TOTAL' as scope,
    '' as scope_region,
    observation.numerator,
    observation.denominator,
    observation.seconds,
    observation.exclusion_reason
from {{ ref("int_kpi_observation") }} as observation
union all
select
    observation.measure,
    observation.split_value,
    observation.month_start_date,
    'REGION' as scope,
    coalesce(observation.region, '') as scope_region,
    observation.numerator,
    observation.denominator,
    observation.seconds,
    observation.exclusion_reason
from {{ ref("int_kpi_observation") }} as observation
