{{ config(materialized="table") }}

-- The fulfillment tasks of tracked orders, each in the state that people speak of, and which open tasks it waits for.
with task as (
    select
        fact.*,
        held.outcome_since as task_state_since,
        case
            when fact.outcome = 'unknown' then 'OUTCOME_UNKNOWN'
            when fact.outcome <> 'open' then upper(fact.outcome)
            when fact.retry_count > 0 then 'RETRYING'
            when fact.started_at is not null then 'IN_PROGRESS'
            else 'WAITING'
        end as task_state,
        fact.outcome not in ('completed', 'cancelled') as is_unfinished
    from {{ ref("fact_order_fulfillment_task") }} as fact
    inner join {{ ref("int_order_tracked") }} as tracked on fact.order_id = tracked.order_id
    inner join {{ ref("int_fulfillment_task_state") }} as held on fact.task_id = held.task_id
),

created as (
    select
        stated.task_id,
        stated.depends_on_task_ids,
        row_number() over (partition by stated.task_id order by stated.aggregate_version desc) as recency
    from {{ applied_events("stg_oms__task_created") }} as stated
    where stated.task_id in (select task.task_id from task)
),

dependency as (
    select
        created.task_id,
        needed_task_id
    from created
    {{ explode("created.depends_on_task_ids", "needed_task_id") }}
    where created.recency = 1
),

waiting as (
    select
        dependency.task_id,
        {{ distinct_texts("dependency.needed_task_id") }} as waiting_for_task_ids
    from dependency
    inner join task as needed on dependency.needed_task_id = needed.task_id
    where needed.is_unfinished
    group by dependency.task_id
)

select
    task.task_id,
    task.order_id,
    task.order_item_id,
    task.task_type,
    task.downstream_system,
    coalesce(task.owner_team, 'unassigned') as owner_team,
    task.task_state,
    task.is_unfinished,
    task.task_state_since,
    {{ age_seconds("task.task_state_since") }} as task_state_age_seconds,
    task.retry_count,
    task.last_error_code,
    task.sla_due_at,
    task.is_unfinished and task.is_sla_breached as is_sla_breached,
    case when task.is_unfinished then {{ urgency("task.sla_due_at") }} end as urgency,
    waiting.waiting_for_task_ids,
    case
        when task.is_unfinished
            then
                row_number() over (
                    partition by task.order_id, task.is_unfinished
                    order by
                        case task.task_state
                            when 'FAILED' then 1 when 'OUTCOME_UNKNOWN' then 2 when 'RETRYING' then 3 when 'IN_PROGRESS' then 4 else 5
                        end,
                        case when waiting.task_id is null then 0 else 1 end,
                        task.task_state_since,
                        task.task_id
                )
    end as blocking_place,
    task.source_event_id,
    task.arrival_seq
from task
left join waiting on task.task_id = waiting.task_id
