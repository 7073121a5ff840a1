-- The windows for which a system has published a measure, or has left it out after it had published it before: silence then means none.
with published_window as (
    select distinct
        published.system,
        published.period_start,
        published.period_end
    from {{ ref("stg_control__control_totals_published") }} as published
    left join {{ ref("recon_event_set_aside") }} as set_aside on published.arrival_seq = set_aside.arrival_seq
    where set_aside.arrival_seq is null
),

first_published as (
    select
        total.system,
        total.measure,
        min(total.period_start) as first_period_start
    from {{ ref("recon_published_total") }} as total
    group by total.system, total.measure
),

style as (
    select
        total.system,
        total.measure,
        total.period_start,
        total.period_end,
        bool_or(total.currency is null) as has_overall_total,
        bool_or(total.currency is not null) as has_currency_totals
    from {{ ref("recon_published_total") }} as total
    group by total.system, total.measure, total.period_start, total.period_end
)

select
    published_window.system,
    first_published.measure,
    published_window.period_start,
    published_window.period_end,
    coalesce(style.has_overall_total, false) as has_overall_total,
    coalesce(style.has_currency_totals or not style.has_overall_total, true) as has_currency_totals
from published_window
inner join first_published
    on published_window.system = first_published.system and published_window.period_start >= first_published.first_period_start
left join style
    on
        published_window.system = style.system
        and first_published.measure = style.measure
        and published_window.period_start = style.period_start
        and published_window.period_end = style.period_end
