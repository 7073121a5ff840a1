-- Counted events per window that a system has published: by currency, and over all currencies where it published a total without one
-- (its amount only where there is a single currency: currencies are never added).
with windowed as (
    select
        control_window.system,
        control_window.measure,
        control_window.period_start,
        control_window.period_end,
        control_window.has_overall_total,
        control_window.has_currency_totals,
        counted.currency,
        sum(counted.total_count) as total_count,
        sum(counted.total_amount) as total_amount
    from {{ ref("recon_control_window") }} as control_window
    inner join {{ ref("recon_counted_day") }} as counted
        on
            control_window.system = counted.system
            and control_window.measure = counted.measure
            and control_window.period_start <= counted.event_date
            and control_window.period_end > counted.event_date
    group by
        control_window.system, control_window.measure, control_window.period_start, control_window.period_end,
        control_window.has_overall_total, control_window.has_currency_totals, counted.currency
)

select
    windowed.system,
    windowed.measure,
    windowed.period_start,
    windowed.period_end,
    windowed.currency,
    windowed.total_count,
    windowed.total_amount
from windowed
where windowed.has_currency_totals
union all
select
    windowed.system,
    windowed.measure,
    windowed.period_start,
    windowed.period_end,
    cast(null as string) as currency,
    sum(windowed.total_count) as total_count,
    case when min(windowed.currency) = max(windowed.currency) then sum(windowed.total_amount) end as total_amount
from windowed
where windowed.has_overall_total
group by windowed.system, windowed.measure, windowed.period_start, windowed.period_end
