-- Per source, months in which something happened against months that its own control totals cover. Months that none covers are unproven.
with event_day as (
    select
        lake_event.source_system,
        cast(lake_event.event_time as date) as event_date,
        bool_and(lake_event.stream = 'control') as is_control_only
    from {{ lake_envelopes() }}
    group by lake_event.source_system, cast(lake_event.event_time as date)
),

published_window as (
    select distinct
        published.system,
        published.period_start,
        published.period_end
    from {{ ref("stg_control__control_totals_published") }} as published
),

covered_day as (
    select
        event_day.source_system,
        event_day.event_date,
        bool_or(published_window.system is not null or event_day.is_control_only) as is_covered
    from event_day
    left join published_window
        on
            event_day.source_system = published_window.system
            and event_day.event_date >= published_window.period_start
            and event_day.event_date < published_window.period_end
    group by event_day.source_system, event_day.event_date
),

month_state as (
    select
        covered_day.source_system,
        {{ month_text("covered_day.event_date") }} as month,
        bool_and(covered_day.is_covered) as is_covered
    from covered_day
    group by covered_day.source_system, {{ month_text("covered_day.event_date") }}
)

select
    'control_source' as check_key,
    month_state.source_system as partition,
    'source' as kind,
    'warning' as severity,
    bool_and(month_state.is_covered) as is_proven,
    count(*) as left_count,
    count(*) filter (where month_state.is_covered) as right_count,
    case when not bool_and(month_state.is_covered) then concat_ws(
        '', 'months without a published control total: ', cast(count(*) filter (where not month_state.is_covered) as string),
        ', the first is ', min(case when not month_state.is_covered then month_state.month end)
    ) end as example
from month_state
group by month_state.source_system
