-- The totals alone, as they were before there were regions.
select
    monthly.kpi_id,
    monthly.kpi_name,
    monthly.measure,
    monthly.month_start_date,
    monthly.exclusion_reason,
    monthly.excluded_count,
    monthly.as_of,
    monthly.definition_version
from {{ ref("mart_kpi_exclusion_monthly", v=2) }} as monthly
where monthly.scope = 'TOTAL'
