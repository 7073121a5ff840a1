{{ config(materialized="incremental", incremental_strategy="touched", unique_key="order_id", touched="Order") }}

-- Values that depend on the as-of time: an order is rebuilt when one of them changed.
{% set borrowed = ["open_age_seconds", "has_time_defect"] %}
with assembled as (
    select
        request.*,
        case
            when request.outcome = 'PENDING' and {{ as_of() }} >= request.requested_at
                then {{ seconds_between("request.requested_at", as_of()) }}
        end as open_age_seconds,
        coalesce(coalesce(request.decided_at, {{ as_of() }}) < request.requested_at, false) as has_time_defect
    from {{ ref("int_cancellation_request") }} as request
)

select
    assembled.order_id,
    assembled.request_id,
    placed.account_id,
    placed.region,
    assembled.order_item_ids,
    assembled.requested_at,
    {{ date_key("assembled.requested_at") }} as requested_date_key,
    assembled.request_count,
    assembled.outcome,
    assembled.decided_at,
    {{ date_key("assembled.decided_at") }} as decided_date_key,
    assembled.conflict_reason,
    assembled.outcome in ('CANCELLED', 'REFUSED') as is_decided,
    assembled.outcome in ('CANCELLED', 'REFUSED') and assembled.has_conflict as is_conflict,
    case
        when assembled.decided_at >= assembled.requested_at
            then {{ seconds_between("assembled.requested_at", "assembled.decided_at") }}
    end as decision_seconds,
    assembled.open_age_seconds,
    assembled.has_time_defect,
    assembled.source_event_id,
    assembled.arrival_seq,
    {{ integrity_flags() }}
from assembled
left join {{ ref("int_order_state") }} as placed on assembled.order_id = placed.order_id
left join {{ ref("int_aggregate_integrity") }} as integrity
    on assembled.order_id = integrity.aggregate_id and integrity.aggregate_type = 'Order'
where
    {{ is_touched("assembled.order_id", "Order") }} -- noqa: LT02
    {%- if is_incremental() %}
    or assembled.order_id in ({{ ids_with_changes("order_id", "assembled", ["order_id", "request_id"], borrowed) }})
    {%- endif %}
