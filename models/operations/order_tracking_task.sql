-- The tasks of order_tracking as rows, for tools that read no lists.
select
    task.task_id,
    task.order_id,
    task.order_item_id,
    task.order_number,
    task.task_type,
    task.downstream_system,
    task.owner_team as owner,
    task.task_state as status,
    task.task_state_since as status_since,
    task.task_state_age_seconds as status_age_seconds,
    task.retry_count,
    task.last_error_code,
    task.sla_due_at,
    task.is_sla_breached,
    task.urgency,
    task.waiting_for_task_ids,
    {{ projection_columns("task") }}
from {{ ref("int_order_tracked_task") }} as task
