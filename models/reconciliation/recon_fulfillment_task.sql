-- fact_order_fulfillment_task against the tasks whose events the lake holds, by the month of their creation (none without a TaskCreated).
-- How a task ended is told here from the type of its last applied event alone.
with lake_task as (
    select
        lake_event.aggregate_id as task_id,
        min_by(
            case when lake_event.event_type = 'TaskCreated' then lake_event.event_time end,
            case when lake_event.event_type = 'TaskCreated' then lake_event.aggregate_version end
        ) as created_at,
        max_by(lake_event.event_type, lake_event.aggregate_version) = 'TaskCompleted' as is_completed,
        max_by(lake_event.event_time, lake_event.aggregate_version) as last_event_at
    from {{ lake_envelopes() }}
    left join {{ ref("recon_event_set_aside") }} as set_aside on lake_event.arrival_seq = set_aside.arrival_seq
    where
        set_aside.arrival_seq is null
        and lake_event.event_type in (
            'TaskCreated', 'TaskStarted', 'TaskRetried', 'TaskCompleted', 'TaskFailed', 'TaskOutcomeUnknown', 'TaskCancelled'
        )
    group by lake_event.aggregate_id
),

lake_dated as (
    select
        true as is_task,
        coalesce({{ month_text("lake_task.created_at") }}, 'none') as month,
        lake_task.task_id,
        lake_task.is_completed,
        case when lake_task.is_completed then lake_task.last_event_at end as completed_at
    from lake_task
    union all
    -- Keeps the month of a creation that does not count among the rows; counts nowhere.
    select distinct
        false as is_task,
        {{ month_text("lake_event.event_time") }} as month,
        cast(null as string) as task_id,
        cast(null as boolean) as is_completed,
        cast(null as timestamp) as completed_at
    from {{ lake_envelopes() }}
    where lake_event.event_type = 'TaskCreated'
),

mart_dated as (
    select
        true as is_task,
        coalesce({{ month_text_of_key("mart.created_date_key") }}, 'none') as month,
        mart.task_id,
        mart.outcome = 'completed' as is_completed,
        mart.completed_at
    from {{ ref("fact_order_fulfillment_task") }} as mart
),

{% for side in ["lake", "mart"] -%}
{{ side }}_side as (
    select
        task.month,
        count(*) filter (where task.is_task) as count,
        count(*) filter (where task.is_completed) as completed_count,
        {{ content_checksum(
            {"task_id": "varchar", "is_completed": "boolean", "completed_at": "timestamp"},
            "task.is_task",
        ) }} as checksum
    from {{ side }}_dated as task
    group by task.month
){{ "," if not loop.last }}

{% endfor -%}
{{ pair_sides("fulfillment_task", "fulfillment", ["month"], ["count", "completed_count", "checksum"]) }}
