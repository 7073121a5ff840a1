{{ config(materialized="ephemeral") }}

select
    closed.entity,
    closed.period,
    closed.close_version,
    {{ kpi_month_columns("closed") }}
from {{ ref("stg_close__kpi_monthly") }} as closed
