{{ config(materialized="incremental", incremental_strategy="touched", unique_key="order_id", touched="Order") }}

-- The order folded over its applied events: when it first and last came to each milestone, how often, and how long it was held up.
{% set first_times = {
    "attempted": ["accepted", "rejected", "unanswered"], "submitted": ["submitted"], "acknowledged": ["acknowledged"], "checked": ["checked"],
    "decomposition": ["decomposed", "decomposition_failed"], "started": ["in_progress"], "completed": ["completed"],
    "cancellation_requested": ["cancellation_requested"],
} %}
{% set last_times = {
    "accepted": "accepted", "rejected": "rejected", "submitted": "submitted", "decomposed": "decomposed",
    "decomposition_failed": "decomposition_failed", "partial": "partial", "failed": "failed", "cancelled": "cancelled",
} %}
with happened as (
    select order_event.*
    from {{ applied_events("int_order_event") }} as order_event
    where {{ is_touched("order_event.order_id", "Order") }}
),

folded as (
    select
        happened.order_id,
        {%- for name, milestones in first_times.items() %}
        min_by(
            happened.event_time,
            case when happened.milestone in ('{{ milestones | join("', '") }}') then happened.aggregate_version end
        ) as first_{{ name }}_at,
        {%- endfor %}
        {%- for name, milestone in last_times.items() %}
        max_by(
            happened.event_time, case when happened.milestone = '{{ milestone }}' then happened.aggregate_version end
        ) as last_{{ name }}_at,
        {%- endfor %}
        max_by(
            happened.milestone,
            case when happened.event_name = 'order_submission_attempted' then happened.aggregate_version end
        ) as attempt_outcome,
        max_by(
            happened.milestone,
            case when happened.event_name = 'order_decomposition_attempted' then happened.aggregate_version end
        ) as decomposition_outcome,
        count(case when happened.event_name = 'order_decomposition_attempted' then 1 end) as decomposition_attempt_count,
        count(case when happened.milestone = 'decomposition_failed' then 1 end) as decomposition_failure_count,
        max_by(happened.event_time, happened.aggregate_version) as last_event_at,
        max_by(happened.event_id, happened.aggregate_version) as source_event_id,
        max_by(happened.arrival_seq, happened.aggregate_version) as arrival_seq
    from happened
    group by happened.order_id
),

entered as (
    select
        happened.order_id,
        happened.milestone as order_state,
        happened.event_time as entered_at,
        lead(happened.event_time) over (partition by happened.order_id order by happened.aggregate_version) as left_at
    from happened
    where happened.event_name in ('order_submitted', 'order_state_changed')
),

stay as (
    select
        entered.order_id,
        entered.order_state,
        {{ seconds_between("entered.entered_at", "entered.left_at") }} as seconds
    from entered
),

waited as (
    select
        stay.order_id,
        cast(sum(case when stay.order_state = 'held' then stay.seconds end) as bigint) as held_seconds,
        cast(sum(case when stay.order_state = 'pending' then stay.seconds end) as bigint) as pending_seconds
    from stay
    where stay.seconds >= 0
    group by stay.order_id
)

select
    folded.order_id,
    {%- for name in first_times %}
    folded.first_{{ name }}_at,
    {%- endfor %}
    {%- for name in last_times %}
    folded.last_{{ name }}_at,
    {%- endfor %}
    folded.attempt_outcome,
    folded.decomposition_outcome,
    folded.decomposition_attempt_count,
    folded.decomposition_failure_count,
    coalesce(waited.held_seconds, 0) as held_seconds,
    coalesce(waited.pending_seconds, 0) as pending_seconds,
    folded.last_event_at,
    folded.source_event_id,
    folded.arrival_seq
from folded
left join waited on folded.order_id = waited.order_id
