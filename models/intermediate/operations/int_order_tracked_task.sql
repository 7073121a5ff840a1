-- The fulfillment tasks of tracked orders, each with its age and what is due at the as-of time.
select
    task.task_id,
    task.order_id,
    task.order_item_id,
    tracked.order_number,
    task.task_type,
    task.downstream_system,
    task.owner_team,
    task.task_state,
    task.is_unfinished,
    task.task_state_since,
    {{ age_seconds("task.task_state_since") }} as task_state_age_seconds,
    task.retry_count,
    task.last_error_code,
    task.sla_due_at,
    task.is_unfinished and coalesce(task.ended_at, {{ as_of() }}) > task.sla_due_at as is_sla_breached,
    case when task.is_unfinished then {{ urgency("task.sla_due_at") }} end as urgency,
    task.waiting_for_task_ids,
    task.blocking_place,
    task.source_system,
    task.event_id,
    task.aggregate_version,
    task.event_time,
    task.projected_at
from {{ ref("int_order_task") }} as task
inner join {{ ref("int_order_tracked") }} as tracked on task.order_id = tracked.order_id
