{{ config(materialized="incremental", incremental_strategy="touched", unique_key="order_id", touched="Order") }}

-- What the read models show of every order that time alone does not change: its items and its tasks as lists, and the event that changed it
-- last. Only orders of which an event came have a row.
with shown as (
    select
        milestone.order_id,
        milestone.arrival_seq
    from {{ ref("int_order_milestone") }} as milestone
    where {{ is_touched("milestone.order_id", "Order", or_in=[order_ids_of_what_they_show()]) }}
),

item_list as (
    select
        item.order_id,
        {{ list_of_structs({
            "order_item_id": "item.order_item_id", "product_name": "item.product_name", "item_action": "item.item_action",
            "item_state": "item.item_state", "item_state_since": "item.item_state_since", "milestone": "item.milestone",
            "blocking_task_id": "item.blocking_task_id",
            "waiting_for_order_item_ids": "item.waiting_for_order_item_ids", "is_in_dependency_cycle": "item.is_in_dependency_cycle",
        }) }} as items,
        count(*) as item_count,
        count(case when item.item_state = 'COMPLETED' then 1 end) as completed_item_count,
        count(case when item.is_pending_enrichment then 1 end) as pending_item_count,
        count(case when item.is_in_dependency_cycle then 1 end) as cycle_item_count,
        sum(item.net_amount) as net_amount
    from {{ ref("int_order_item") }} as item
    where item.order_id in (select shown.order_id from shown)
    group by item.order_id
),

task_list as (
    select
        task.order_id,
        {{ list_of_structs({
            "task_id": "task.task_id", "task_type": "task.task_type", "downstream_system": "task.downstream_system",
            "task_state": "task.task_state", "task_state_since": "task.task_state_since", "retry_count": "task.retry_count",
            "last_error_code": "task.last_error_code",
            "owner_team": "task.owner_team", "sla_due_at": "task.sla_due_at",
        }) }} as tasks,
        max(case when task.blocking_place = 1 then task.owner_team end) as blocking_owner_team
    from {{ ref("int_order_task") }} as task
    where task.order_id in (select shown.order_id from shown)
    group by task.order_id
)

select
    shown.order_id,
    item_list.items,
    coalesce(item_list.item_count, 0) as item_count,
    coalesce(item_list.completed_item_count, 0) as completed_item_count,
    coalesce(item_list.pending_item_count, 0) as pending_item_count,
    coalesce(item_list.cycle_item_count, 0) as cycle_item_count,
    item_list.net_amount,
    task_list.tasks,
    task_list.blocking_owner_team,
    last_event.source_system,
    last_event.event_id,
    last_event.aggregate_version,
    last_event.event_time,
    last_event.projected_at
from shown
inner join {{ ref("int_event_projected") }} as last_event on shown.arrival_seq = last_event.arrival_seq
left join item_list on shown.order_id = item_list.order_id
left join task_list on shown.order_id = task_list.order_id
