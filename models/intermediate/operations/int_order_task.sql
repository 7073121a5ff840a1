{{ config(materialized="incremental", incremental_strategy="touched", unique_key="task_id", touched="FulfillmentTask") }}

{% set touched_orders = order_ids_of_touched_tasks() -%}
-- The fulfillment tasks of every order as people speak of them: the state of each, the open tasks that it waits for, its place among what
-- blocks. What depends on the as-of time is left to int_order_tracked_task. All tasks of an order are worked out anew with one of them.
with unfinished as (
    select
        folded.task_id,
        folded.order_id
    from {{ ref("int_fulfillment_task_state") }} as folded
    where folded.order_id is not null and folded.outcome not in ('completed', 'cancelled')
),

task as (
    select
        folded.*,
        case
            when folded.outcome = 'unknown' then 'OUTCOME_UNKNOWN'
            when folded.outcome <> 'open' then upper(folded.outcome)
            when folded.retry_count > 0 then 'RETRYING'
            when folded.started_at is not null then 'IN_PROGRESS'
            else 'WAITING'
        end as task_state,
        folded.outcome not in ('completed', 'cancelled') as is_unfinished
    from {{ ref("int_fulfillment_task_state") }} as folded
    where
        folded.order_id is not null -- noqa: LT02
        {%- if is_incremental() %}
        and folded.order_id in (
            {{ touched_orders }}
            union all
            -- Whether another order is tracked changes with time.
            select held.order_id
            from {{ this }} as held
            where held.needs_another_order
        )
        {%- endif %}
),

needed as (
    select
        task.task_id,
        dependency.needed_task_id,
        unfinished.order_id <> task.order_id as is_of_another_order,
        unfinished.order_id = task.order_id or tracked.order_id is not null as is_waited_for
    from task
    inner join {{ ref("int_fulfillment_task_dependency") }} as dependency on task.task_id = dependency.task_id
    inner join unfinished on dependency.needed_task_id = unfinished.task_id
    left join {{ ref("int_order_tracked") }} as tracked on unfinished.order_id = tracked.order_id
),

waiting as (
    select
        needed.task_id,
        {{ distinct_texts("case when needed.is_waited_for then needed.needed_task_id end") }} as waiting_for_task_ids,
        bool_or(needed.is_of_another_order) as needs_another_order
    from needed
    group by needed.task_id
),

described as (
    select
        task.*,
        waiting.waiting_for_task_ids,
        coalesce(waiting.needs_another_order, false) as needs_another_order,
        case task.task_state
            when 'FAILED' then 1
            when 'OUTCOME_UNKNOWN' then 2
            when 'RETRYING' then 3
            when 'IN_PROGRESS' then 4
            else 5
        end as gravity,
        case when waiting.waiting_for_task_ids is null then 0 else 1 end as is_behind
    from task
    left join waiting on task.task_id = waiting.task_id
),

blocking as (
    select
        described.task_id,
        row_number() over (
            partition by described.order_id
            order by described.gravity, described.is_behind, described.outcome_since, described.task_id
        ) as place,
        row_number() over (
            partition by described.order_id, described.order_item_id
            order by described.gravity, described.is_behind, described.outcome_since, described.task_id
        ) as place_in_item
    from described
    where described.is_unfinished
)

select
    described.task_id,
    described.order_id,
    described.order_item_id,
    described.task_type,
    described.downstream_system,
    coalesce(described.owner_team, 'unassigned') as owner_team,
    described.task_state,
    described.is_unfinished,
    described.outcome_since as task_state_since,
    described.ended_at,
    described.retry_count,
    described.last_error_code,
    described.sla_due_at,
    described.waiting_for_task_ids,
    described.needs_another_order,
    blocking.place as blocking_place,
    coalesce(blocking.place_in_item = 1, false) as is_blocking_item,
    last_event.source_system,
    last_event.event_id,
    last_event.aggregate_version,
    last_event.event_time,
    last_event.projected_at
from described
inner join {{ ref("int_event_projected") }} as last_event on described.arrival_seq = last_event.arrival_seq
left join blocking on described.task_id = blocking.task_id
