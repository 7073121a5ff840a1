-- As reported: the KPIs of every closed period as they were frozen.
select
    closed.entity,
    closed.period,
    closed.close_version,
    {{ kpi_month_columns("closed") }}
from {{ ref("int_closed_kpi_monthly") }} as closed
