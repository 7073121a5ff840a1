-- Per task the fallout cases that name it, and the reason of the one opened last.
with ranked as (
    select
        fallout_case.task_id,
        fallout_case.reason_code,
        {{ integrity_flags() }},
        row_number() over (
            partition by fallout_case.task_id
            order by fallout_case.opened_at desc nulls last, fallout_case.fallout_case_id desc
        ) as recency
    from {{ ref("int_fallout_case_state") }} as fallout_case
    left join {{ ref("int_aggregate_integrity") }} as integrity
        on fallout_case.fallout_case_id = integrity.aggregate_id and integrity.aggregate_type = 'FalloutCase'
    where fallout_case.task_id is not null
)

select
    ranked.task_id,
    cast(count(*) as bigint) as fallout_count,
    max(case when ranked.recency = 1 then ranked.reason_code end) as fallout_reason_code,
    bool_or(ranked.has_gap) as has_gap,
    bool_or(ranked.has_stale_event) as has_stale_event,
    bool_or(ranked.has_open_conflict) as has_open_conflict
from ranked
group by ranked.task_id
