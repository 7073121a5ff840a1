-- What each measure leaves out in a month, and why; the sum over the reasons is excluded_count of mart_kpi_monthly.
select
    measure.kpi_id,
    register.kpi_name,
    observation.measure,
    observation.month_start_date,
    observation.exclusion_reason,
    count(*) as excluded_count,
    {{ as_of() }} as as_of,
    cast(register.semantic_version as integer) as definition_version
from {{ ref("int_kpi_observation") }} as observation
inner join {{ ref("kpi_measure") }} as measure on observation.measure = measure.measure
inner join {{ ref("kpi_register") }} as register on measure.kpi_id = register.kpi_id
where observation.exclusion_reason is not null
group by
    measure.kpi_id, register.kpi_name, observation.measure, observation.month_start_date, observation.exclusion_reason,
    register.semantic_version
