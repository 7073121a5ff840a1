-- As it would be today: the KPIs of the months that begin in a closed period, with everything that has arrived since.
select
    closed.entity,
    closed.period,
    today.kpi_month_id,
    today.kpi_id,
    today.kpi_name,
    today.measure,
    today.statistic,
    today.is_headline,
    today.companion_of,
    today.scope,
    today.region,
    today.month_start_date,
    today.month_start_date_key,
    today.currency,
    today.category,
    today.unit,
    today.basis,
    today.numerator,
    today.denominator,
    today.value,
    today.excluded_count,
    today.is_mature,
    today.as_of,
    today.definition_version
from {{ ref("int_closed_period") }} as closed
inner join {{ ref("mart_kpi_monthly") }} as today
    on
        closed.period_start <= cast(today.month_start_date as timestamp)
        and closed.period_end > cast(today.month_start_date as timestamp)
where {{ books("closed.region", "today.region") }}
