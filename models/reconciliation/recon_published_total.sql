-- What each system says it counted, per window: of several publications that name a measure for the same window, the last one is in force.
with total as (
    select
        published.system,
        published.period_start,
        published.period_end,
        entry.measure as measure,
        entry.currency as currency,
        entry.count as total_count,
        entry.amount as total_amount,
        dense_rank() over (
            partition by published.system, published.period_start, published.period_end, entry.measure
            order by published.event_time desc, published.aggregate_version desc, published.event_id desc
        ) as recency
    from {{ ref("stg_control__control_totals_published") }} as published
    left join {{ ref("recon_event_set_aside") }} as set_aside on published.arrival_seq = set_aside.arrival_seq
    {{ explode("published.totals", "entry") }}
    where set_aside.arrival_seq is null
)

select
    total.system,
    total.period_start,
    total.period_end,
    total.measure,
    total.currency,
    cast(sum(total.total_count) as bigint) as total_count,
    cast(sum(total.total_amount) as decimal(38, 4)) as total_amount
from total
where total.recency = 1
group by total.system, total.period_start, total.period_end, total.measure, total.currency
