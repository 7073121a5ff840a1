{{ config(materialized="incremental", incremental_strategy="touched", unique_key="fallout_case_id", touched="FalloutCase") }}

-- Values that a case borrows from its order and the as-of time: a row is rebuilt when one of them changed.
{% set borrowed = [
    "account_id", "region", "open_age_seconds", "is_overdue", "has_time_defect", "has_gap", "has_stale_event", "has_open_conflict",
] %}
with assembled as (
    select
        fallout_case.*,
        placed.account_id,
        placed.region,
        case
            when fallout_case.recovered_at >= fallout_case.opened_at
                then {{ seconds_between("fallout_case.opened_at", "fallout_case.recovered_at") }}
        end as closing_seconds,
        case
            when fallout_case.case_state = 'open' and {{ as_of() }} >= fallout_case.opened_at
                then {{ seconds_between("fallout_case.opened_at", as_of()) }}
        end as open_age_seconds,
        coalesce(coalesce(fallout_case.recovered_at, {{ as_of() }}) > fallout_case.due_at, false) as is_overdue,
        coalesce(coalesce(fallout_case.recovered_at, {{ as_of() }}) < fallout_case.opened_at, false) as has_time_defect,
        coalesce(own.has_gap or of_order.has_gap, false) as has_gap,
        coalesce(own.has_stale_event or of_order.has_stale_event, false) as has_stale_event,
        coalesce(own.has_open_conflict or of_order.has_open_conflict, false) as has_open_conflict
    from {{ ref("int_fallout_case_state") }} as fallout_case
    left join {{ ref("int_order_state") }} as placed on fallout_case.order_id = placed.order_id
    left join {{ ref("int_aggregate_integrity") }} as own
        on fallout_case.fallout_case_id = own.aggregate_id and own.aggregate_type = 'FalloutCase'
    left join {{ ref("int_aggregate_integrity") }} as of_order
        on fallout_case.order_id = of_order.aggregate_id and of_order.aggregate_type = 'Order'
)

select
    assembled.fallout_case_id,
    assembled.order_id,
    assembled.order_item_id,
    assembled.task_id,
    assembled.account_id,
    assembled.region,
    assembled.downstream_system,
    assembled.priority,
    assembled.owner_team,
    assembled.assignee,
    assembled.next_action,
    assembled.due_at,
    assembled.case_state,
    assembled.first_reason_code,
    assembled.reason_code,
    assembled.opened_at,
    {{ date_key("assembled.opened_at") }} as opened_date_key,
    assembled.recovered_at,
    {{ date_key("assembled.recovered_at") }} as recovered_date_key,
    assembled.resolution,
    assembled.reopen_count,
    case when assembled.resolution <> 'CANCELLED' then assembled.closing_seconds end as repair_seconds,
    case when assembled.resolution = 'CANCELLED' then assembled.closing_seconds end as cancellation_seconds,
    assembled.open_age_seconds,
    assembled.is_overdue,
    assembled.has_time_defect,
    assembled.source_event_id,
    assembled.arrival_seq,
    assembled.has_gap,
    assembled.has_stale_event,
    assembled.has_open_conflict
from assembled
where
    {{ is_touched("assembled.fallout_case_id", "FalloutCase") }} -- noqa: LT02
    {%- if is_incremental() %}
    or assembled.fallout_case_id in ({{ ids_with_changes("fallout_case_id", "assembled", ["fallout_case_id"], borrowed) }})
    {%- endif %}
