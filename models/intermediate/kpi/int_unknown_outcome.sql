-- Each stretch in which a task was unknown past its timeout: since when, and until when. The next event of another outcome ends it.
with happened as (
    select
        task_event.*,
        lag(task_event.outcome) over (partition by task_event.task_id order by task_event.aggregate_version) as outcome_before
    from {{ applied_events("int_fulfillment_task_event") }} as task_event
),

-- Unknown once more is still the same stretch.
began as (
    select
        happened.*,
        lead(happened.event_time) over (partition by happened.task_id order by happened.aggregate_version) as ended_at
    from happened
    where happened.outcome_before is null or (happened.outcome = 'unknown') <> (happened.outcome_before = 'unknown')
),

timed as (
    select
        began.task_id,
        began.aggregate_version,
        task.order_id,
        began.event_time as unknown_since,
        began.ended_at,
        coalesce(own.timeout_minutes, usual.timeout_minutes) * 60 as timeout_seconds
    from began
    left join {{ ref("int_fulfillment_task_state") }} as task on began.task_id = task.task_id
    left join {{ ref("task_type_timeout") }} as own on task.task_type = own.task_type
    left join {{ ref("task_type_timeout") }} as usual on usual.task_type = '*'
    where began.outcome = 'unknown'
)

select
    timed.task_id,
    timed.aggregate_version,
    timed.order_id,
    {{ add_seconds("timed.unknown_since", "timed.timeout_seconds") }} as entered_at,
    timed.ended_at as resolved_at
from timed
where {{ seconds_between("timed.unknown_since", "coalesce(timed.ended_at, " ~ as_of() ~ ")") }} >= timed.timeout_seconds
