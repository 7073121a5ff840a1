-- What each measure leaves out in a month, and why, for the business and per region; the sum over the reasons is excluded_count of
-- mart_kpi_monthly.
select
    {{ canonical_text([
        {"name": "observation.measure", "data_type": "varchar"}, {"name": "observation.scope", "data_type": "varchar"},
        {"name": "observation.scope_region", "data_type": "varchar"}, {"name": "observation.month_start_date", "data_type": "date"},
        {"name": "observation.exclusion_reason", "data_type": "varchar"},
    ]) }} as kpi_exclusion_id,
    measure.kpi_id,
    register.kpi_name,
    observation.measure,
    observation.scope,
    case when observation.scope = 'REGION' then observation.scope_region end as region,
    observation.month_start_date,
    observation.exclusion_reason,
    count(*) as excluded_count,
    {{ as_of() }} as as_of,
    cast(register.semantic_version as integer) as definition_version
from {{ ref("int_kpi_scope") }} as observation
inner join {{ ref("kpi_measure") }} as measure on observation.measure = measure.measure
inner join {{ ref("kpi_register") }} as register on measure.kpi_id = register.kpi_id
where observation.exclusion_reason is not null
group by
    measure.kpi_id, register.kpi_name, observation.measure, observation.scope, observation.scope_region, observation.month_start_date,
    observation.exclusion_reason, register.semantic_version
