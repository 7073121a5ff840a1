{{ config(materialized="incremental", incremental_strategy="touched", unique_key="order_id", touched="Order") }}

-- Requests to cancel, one per request id of an order, with the decisions on them: the last is in force, and any can name a conflict.
with requested as (
    select
        request.order_id,
        request.request_id,
        min_by(request.event_time, request.aggregate_version) as requested_at,
        {{ value_at_last(joined_list("request.order_item_ids"), "request.aggregate_version") }} as order_item_ids,
        count(*) as request_count,
        max_by(request.event_id, request.aggregate_version) as source_event_id,
        max_by(request.arrival_seq, request.aggregate_version) as arrival_seq
    from {{ applied_events("stg_oms__order_cancellation_requested", "Order") }} as request
    group by request.order_id, request.request_id
),

decided as (
    select
        decision.order_id,
        decision.request_id,
        max_by(decision.outcome, decision.aggregate_version) as outcome,
        max_by(decision.event_time, decision.aggregate_version) as decided_at,
        max_by(
            decision.conflict_reason,
            case when decision.outcome = 'REFUSED' and decision.conflict_reason is not null then decision.aggregate_version end
        ) as conflict_reason,
        bool_or(
            decision.outcome = 'REFUSED' and coalesce(decision.conflict_reason, '') in ('IN_FLIGHT_DEPENDENCY', 'POINT_OF_NO_RETURN')
        ) as has_conflict,
        max_by(decision.event_id, decision.aggregate_version) as source_event_id,
        max_by(decision.arrival_seq, decision.aggregate_version) as arrival_seq
    from {{ applied_events("stg_oms__order_cancellation_decided", "Order") }} as decision
    group by decision.order_id, decision.request_id
)

select
    coalesce(requested.order_id, decided.order_id) as order_id,
    coalesce(requested.request_id, decided.request_id) as request_id,
    requested.requested_at,
    requested.order_item_ids,
    coalesce(requested.request_count, 0) as request_count,
    coalesce(decided.outcome, 'PENDING') as outcome,
    decided.decided_at,
    decided.conflict_reason,
    coalesce(decided.has_conflict, false) as has_conflict,
    coalesce(decided.source_event_id, requested.source_event_id) as source_event_id,
    coalesce(decided.arrival_seq, requested.arrival_seq) as arrival_seq
from requested
full outer join decided on requested.order_id = decided.order_id and requested.request_id = decided.request_id
