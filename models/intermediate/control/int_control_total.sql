-- What each source says it counted: the totals of the last applied ControlTotalsPublished of each control total.
with last_published as (
    select max_by(published.arrival_seq, published.aggregate_version) as arrival_seq
    from {{ applied_events("stg_control__control_totals_published") }} as published
    group by published.control_total_id
)

select
    total.control_total_id,
    total.system,
    total.period_start,
    total.period_end,
    total.measure,
    total.currency,
    total.total_count,
    total.total_amount,
    total.event_time as published_at,
    total.event_id as source_event_id,
    total.arrival_seq
from {{ ref("stg_control__total") }} as total
inner join last_published on total.arrival_seq = last_published.arrival_seq
