-- As it would be today: the KPIs of the months that begin in a closed period, with everything that has arrived since.
select
    closed.entity,
    closed.period,
    {{ kpi_month_columns("today") }}
from {{ ref("int_closed_period") }} as closed
inner join {{ ref("mart_kpi_monthly") }} as today
    on
        closed.period_start <= cast(today.month_start_date as timestamp)
        and closed.period_end > cast(today.month_start_date as timestamp)
where {{ books("closed.region", "today.region") }}
