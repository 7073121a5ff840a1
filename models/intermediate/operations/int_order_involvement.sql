-- Whoever has worked on an order: the systems and teams of its tasks and of its fallout.
with worked as (
    select
        task.order_id,
        task.downstream_system,
        task.owner_team,
        coalesce(task.is_sla_breached, false) as is_late
    from {{ ref("fact_order_fulfillment_task") }} as task
    where task.order_id is not null
    union all
    select
        fallout.order_id,
        fallout.downstream_system,
        fallout.owner_team,
        coalesce(fallout.case_state = 'open' and fallout.due_at < {{ as_of() }}, false) as is_late
    from {{ ref("int_fallout_case_state") }} as fallout
    where fallout.order_id is not null
)

select
    worked.order_id,
    {{ distinct_list("worked.downstream_system") }} as downstream_systems,
    {{ distinct_list("worked.owner_team") }} as owner_teams,
    bool_or(worked.is_late) as is_late
from worked
group by worked.order_id
