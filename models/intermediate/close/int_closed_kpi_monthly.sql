{{ config(materialized="ephemeral") }}

select
    closed.entity,
    closed.period,
    closed.close_version,
    closed.kpi_month_id,
    closed.kpi_id,
    closed.kpi_name,
    closed.measure,
    closed.statistic,
    closed.is_headline,
    closed.companion_of,
    closed.scope,
    closed.region,
    closed.month_start_date,
    closed.month_start_date_key,
    closed.currency,
    closed.category,
    closed.unit,
    closed.basis,
    closed.numerator,
    closed.denominator,
    closed.value,
    closed.excluded_count,
    closed.is_mature,
    closed.as_of,
    closed.definition_version
from {{ ref("stg_close__kpi_monthly") }} as closed
