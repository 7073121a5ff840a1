{{ config(materialized="incremental", incremental_strategy="touched", unique_key="task_id", touched="FulfillmentTask") }}

-- The task folded over its applied events: the last one decides the outcome, so a start or a retry after an end opens the task again.
with folded as (
    select
        happened.task_id,
        min_by(happened.event_time, case when happened.event_name = 'task_created' then happened.aggregate_version end) as created_at,
        min_by(happened.event_time, case when happened.event_name = 'task_started' then happened.aggregate_version end) as started_at,
        max_by(happened.outcome, happened.aggregate_version) as outcome,
        max_by(happened.event_time, happened.aggregate_version) as outcome_at,
        max_by(happened.retry_count, case when happened.retry_count is not null then happened.aggregate_version end) as retry_count,
        max_by(happened.error_code, case when happened.error_code is not null then happened.aggregate_version end) as last_error_code,
        max_by(happened.event_id, happened.aggregate_version) as source_event_id,
        max_by(happened.arrival_seq, happened.aggregate_version) as arrival_seq
    from {{ applied_events("int_fulfillment_task_event") }} as happened
    where {{ is_touched("happened.task_id", "FulfillmentTask") }}
    group by happened.task_id
),

described as (
    select
        created.*,
        row_number() over (partition by created.task_id order by created.aggregate_version desc) as recency
    from {{ applied_events("stg_oms__task_created", "FulfillmentTask") }} as created
)

select
    folded.task_id,
    described.order_id,
    described.order_item_id,
    described.task_type,
    described.downstream_system,
    described.owner_team,
    described.sla_due_at,
    folded.created_at,
    folded.started_at,
    case when folded.outcome = 'completed' then folded.outcome_at end as completed_at,
    case when folded.outcome in ('completed', 'failed', 'cancelled') then folded.outcome_at end as ended_at,
    folded.outcome,
    folded.outcome_at as outcome_since,
    coalesce(folded.retry_count, 0) as retry_count,
    folded.last_error_code,
    folded.source_event_id,
    folded.arrival_seq
from folded
left join described on folded.task_id = described.task_id and described.recency = 1
