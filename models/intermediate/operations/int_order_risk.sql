{{ config(materialized="table") }}

-- How much each open order is at risk and why, from the age and state of its tasks, its promise and its fallout; its age in its state also
-- in seconds in which the service desk of its region was open.
{% set high = {
    "PROMISE_BROKEN": "lifecycle.is_overdue",
    "FALLOUT_OPEN": "lifecycle.open_fallout_count > 0",
    "TASK_SLA_BREACHED": "coalesce(task.breached_task_count, 0) > 0",
    "DEPENDENCY_CYCLE": "coalesce(content.cycle_item_count, 0) > 0",
} %}
{% set medium = {
    "TASK_OUTCOME_UNKNOWN": "coalesce(task.unknown_task_count, 0) > 0",
    "TASK_RETRYING": "coalesce(task.retrying_task_count, 0) > 0",
    "TASK_DUE_SOON": "coalesce(task.due_soon_task_count, 0) > 0",
    "PROMISE_DUE_SOON": urgency("lifecycle.promised_completion_at") ~ " = 'DUE_SOON'",
    "ORDER_HELD": "lifecycle.order_status in ('HELD', 'PENDING')",
} %}
with task as (
    select
        tracked.order_id,
        count(*) as open_task_count,
        count(case when tracked.is_sla_breached then 1 end) as breached_task_count,
        count(case when tracked.task_state = 'OUTCOME_UNKNOWN' then 1 end) as unknown_task_count,
        count(case when tracked.task_state = 'RETRYING' then 1 end) as retrying_task_count,
        count(case when tracked.urgency = 'DUE_SOON' then 1 end) as due_soon_task_count,
        min(tracked.sla_due_at) as next_task_due_at
    from {{ ref("int_order_tracked_task") }} as tracked
    where tracked.is_unfinished
    group by tracked.order_id
)

select
    lifecycle.order_id,
    coalesce(task.open_task_count, 0) as open_task_count,
    coalesce(task.breached_task_count, 0) as breached_task_count,
    coalesce(task.due_soon_task_count, 0) as due_soon_task_count,
    task.next_task_due_at,
    content.net_amount,
    case
        when {{ high.values() | join(" or ") }} then 'HIGH'
        when {{ medium.values() | join(" or ") }} then 'MEDIUM'
        else 'LOW'
    end as sla_risk,
    case
        {%- for conditions in [high, medium] %}
        {%- for code, condition in conditions.items() %}
        when {{ condition }} then '{{ code }}'
        {%- endfor %}
        {%- endfor %}
        else 'ON_TRACK'
    end as risk_reason,
    {{ reason_codes(dict(high, **medium)) }} as reason_codes,
    {{ reason_count(dict(high, **medium)) }} as reason_count,
    {{ business_seconds_between("entered", "lifecycle.status_since", "shown", as_of()) }} as status_age_business_seconds
from {{ ref("fact_order_lifecycle") }} as lifecycle
left join task on lifecycle.order_id = task.order_id
left join {{ ref("int_order_content") }} as content on lifecycle.order_id = content.order_id
left join {{ ref("dim_sla_calendar") }} as entered
    on lifecycle.region = entered.region and cast(lifecycle.status_since as date) = entered.calendar_date
left join {{ ref("dim_sla_calendar") }} as shown
    on lifecycle.region = shown.region and cast({{ as_of() }} as date) = shown.calendar_date
where lifecycle.is_open
