-- Per order the fallout cases that name it.
select
    fallout_case.order_id,
    count(*) as fallout_count,
    count(case when fallout_case.case_state = 'open' then 1 end) as open_fallout_count,
    min(fallout_case.opened_at) as first_fallout_at,
    bool_or(coalesce(integrity.has_gap, false)) as has_gap,
    bool_or(coalesce(integrity.has_stale_event, false)) as has_stale_event,
    bool_or(coalesce(integrity.has_open_conflict, false)) as has_open_conflict
from {{ ref("int_fallout_case_state") }} as fallout_case
left join {{ ref("int_aggregate_integrity") }} as integrity
    on fallout_case.fallout_case_id = integrity.aggregate_id and integrity.aggregate_type = 'FalloutCase'
where fallout_case.order_id is not null
group by fallout_case.order_id
