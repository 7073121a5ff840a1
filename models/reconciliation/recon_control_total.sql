-- What landed, against what the source systems say they counted, window by window; days that no publication covers are unproven, by month.
-- An amount is compared where the source gives one; a currency that a publication does not name counts as none.
with compared as (
    select
        coalesce(counted.system, published.system) as system,
        coalesce(counted.measure, published.measure) as measure,
        coalesce(counted.period_start, published.period_start) as period_start,
        coalesce(counted.period_end, published.period_end) as period_end,
        coalesce(counted.currency, published.currency) as currency,
        true as is_proven,
        coalesce(counted.total_count, 0) as left_count,
        coalesce(published.total_count, 0) as right_count,
        case
            when published.measure is null then counted.total_amount
            when counted.measure is null and published.total_amount is not null then 0
            when published.total_amount is not null then counted.total_amount
        end as left_amount,
        case
            when published.measure is not null then published.total_amount
            when counted.total_amount is not null then 0
        end as right_amount
    from {{ ref("recon_counted_window") }} as counted
    full outer join {{ ref("recon_published_total") }} as published
        on
            counted.system = published.system
            and counted.measure = published.measure
            and counted.period_start = published.period_start
            and counted.period_end = published.period_end
            and coalesce(counted.currency, '') = coalesce(published.currency, '')
),

uncovered as (
    select
        counted.system,
        counted.measure,
        min(counted.event_date) as period_start,
        max(counted.event_date) as period_end,
        counted.currency,
        false as is_proven,
        sum(counted.total_count) as left_count,
        cast(null as bigint) as right_count,
        sum(counted.total_amount) as left_amount,
        cast(null as decimal(38, 4)) as right_amount
    from {{ ref("recon_counted_day") }} as counted
    left join {{ ref("recon_control_window") }} as control_window
        on
            counted.system = control_window.system
            and counted.measure = control_window.measure
            and counted.event_date >= control_window.period_start
            and counted.event_date < control_window.period_end
    where control_window.system is null
    group by counted.system, counted.measure, {{ month_text("counted.event_date") }}, counted.currency
),

compared_or_not as (
    select * from compared
    union all
    select * from uncovered
)

select
    'control_total' as check_key,
    concat_ws(
        '', both_sides.system, '/', both_sides.measure, '/',
        {{ window_text("both_sides.period_start", "both_sides.period_end", "both_sides.is_proven") }},
        case when both_sides.currency is null then '' else concat_ws('', '/', both_sides.currency) end
    ) as partition,
    'source' as kind,
    'critical' as severity,
    both_sides.is_proven,
    both_sides.system,
    both_sides.measure,
    both_sides.period_start,
    both_sides.period_end,
    both_sides.currency,
    cast(both_sides.left_count as bigint) as left_count,
    cast(both_sides.right_count as bigint) as right_count,
    cast(both_sides.left_amount as decimal(38, 4)) as left_amount,
    cast(both_sides.right_amount as decimal(38, 4)) as right_amount
from compared_or_not as both_sides
