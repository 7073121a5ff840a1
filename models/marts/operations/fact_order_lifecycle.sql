{{ config(materialized="incremental", incremental_strategy="touched", unique_key="order_id", touched="Order") }}

-- Values that depend on the fallout cases or the as-of time: an order is rebuilt when one of them changed.
{% set borrowed = [
    "is_overdue", "status_age_seconds", "open_age_seconds", "fallout_count", "open_fallout_count", "first_fallout_at",
    "is_fallout_window_closed", "has_time_defect", "has_gap", "has_stale_event", "has_open_conflict",
] %}
{% set milestones = [
    "first_attempted", "last_accepted", "last_rejected", "first_submitted", "last_submitted", "first_acknowledged", "first_checked",
    "first_decomposition", "last_decomposed", "last_decomposition_failed", "first_started", "first_completed", "last_partial", "last_failed",
    "first_cancellation_requested", "last_cancelled",
] %}
{% set status_columns = [
    "order_status", "status_since", "is_open", "is_fulfilled", "completed_at", "lead_seconds", "working_seconds", "item_count",
    "completed_item_count", "cancelled_item_count", "failed_item_count",
] %}
{% set window_seconds = var("fallout_window_days") * 86400 %}
with assembled as (
    select
        milestone.*,
        {%- for column in status_columns %}
        status.{{ column }},
        {%- endfor %}
        coalesce(status.is_open and placed.promised_completion_at < {{ as_of() }}, false) as is_overdue,
        case
            when status.is_open and {{ as_of() }} >= status.status_since then {{ seconds_between("status.status_since", as_of()) }}
        end as status_age_seconds,
        case
            when status.is_open and {{ as_of() }} >= milestone.first_submitted_at
                then {{ seconds_between("milestone.first_submitted_at", as_of()) }}
        end as open_age_seconds,
        coalesce(fallout.fallout_count, 0) as fallout_count,
        coalesce(fallout.open_fallout_count, 0) as open_fallout_count,
        fallout.first_fallout_at,
        coalesce({{ seconds_between("milestone.first_submitted_at", as_of()) }} >= {{ window_seconds }}, false)
            as is_fallout_window_closed,
        coalesce(
            (case when status.is_open then {{ as_of() }} else status.completed_at end) < milestone.first_submitted_at, false
        ) as has_time_defect,
        coalesce(integrity.has_gap or fallout.has_gap, false) as has_gap,
        coalesce(integrity.has_stale_event or fallout.has_stale_event, false) as has_stale_event,
        coalesce(integrity.has_open_conflict or fallout.has_open_conflict, false) as has_open_conflict
    from {{ ref("int_order_milestone") }} as milestone
    inner join {{ ref("int_order_status") }} as status on milestone.order_id = status.order_id
    left join {{ ref("int_order_state") }} as placed on milestone.order_id = placed.order_id
    left join {{ ref("int_order_fallout") }} as fallout on milestone.order_id = fallout.order_id
    left join {{ ref("int_aggregate_integrity") }} as integrity
        on milestone.order_id = integrity.aggregate_id and integrity.aggregate_type = 'Order'
)

select
    assembled.order_id,
    {%- for column in [
        "order_number", "quote_id", "quote_revision", "account_id", "billing_account_id", "currency", "channel", "region",
        "promised_completion_at", "first_promised_completion_at",
    ] %}
    placed.{{ column }},
    {%- endfor %}
    {%- for column in status_columns %}
    assembled.{{ column }},
    {%- endfor %}
    {%- for milestone in milestones %}
    assembled.{{ milestone }}_at,
    {%- endfor %}
    {{ date_key("assembled.first_submitted_at") }} as submitted_date_key,
    {{ date_key("assembled.completed_at") }} as completed_date_key,
    assembled.held_seconds,
    assembled.pending_seconds,
    assembled.completed_at <= placed.promised_completion_at as is_on_time,
    assembled.completed_at <= placed.first_promised_completion_at as is_on_time_first_promise,
    assembled.is_overdue,
    assembled.status_age_seconds,
    assembled.open_age_seconds,
    assembled.decomposition_attempt_count,
    assembled.decomposition_failure_count,
    case assembled.decomposition_outcome when 'decomposed' then 'SUCCEEDED' when 'decomposition_failed' then 'FAILED' end
        as decomposition_outcome,
    assembled.decomposition_attempt_count > 0 and coalesce(assembled.last_cancelled_at >= assembled.first_decomposition_at, true)
        as is_decomposition_entered,
    assembled.fallout_count,
    assembled.open_fallout_count,
    assembled.first_fallout_at,
    coalesce({{ seconds_between("assembled.first_submitted_at", "assembled.first_fallout_at") }} < {{ window_seconds }}, false)
        as is_fallout_in_window,
    assembled.is_fallout_window_closed,
    assembled.has_time_defect,
    assembled.source_event_id,
    assembled.arrival_seq,
    assembled.has_gap,
    assembled.has_stale_event,
    assembled.has_open_conflict
from assembled
left join {{ ref("int_order_state") }} as placed on assembled.order_id = placed.order_id
where
    {{ is_touched("assembled.order_id", "Order") }} -- noqa: LT02
    {%- if is_incremental() %}
    or assembled.order_id in ({{ ids_with_changes("order_id", "assembled", ["order_id"], borrowed) }})
    {%- endif %}
