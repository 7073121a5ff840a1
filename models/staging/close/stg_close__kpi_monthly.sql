{{ config(materialized="ephemeral") }}

select
    closed.entity,
    closed.period,
    closed.close_version,
    {{ kpi_month_columns("closed") }}
from {{ close_index("kpi_monthly") }} as closed
