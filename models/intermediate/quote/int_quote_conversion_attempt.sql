{{ config(materialized="incremental", incremental_strategy="touched", unique_key="quote_id", touched="Quote") }}

-- Calls under one idempotency key are one attempt. An order that was made stays made: a failed or unknown call after a success is a replay.
with called as (
    select
        attempt.*,
        case when attempt.outcome = 'SUCCEEDED' then attempt.aggregate_version end as succeeded_version,
        case when attempt.outcome = 'FAILED' then attempt.aggregate_version end as failed_version
    from {{ applied_events("stg_cpq__quote_conversion_attempted", "Quote") }} as attempt
),

collapsed as (
    select
        called.quote_id,
        called.idempotency_key,
        count(*) as call_count,
        min_by(called.event_time, called.aggregate_version) as attempted_at,
        case
            when max(called.succeeded_version) is not null then 'SUCCEEDED'
            when max(called.failed_version) is not null then 'FAILED'
            else 'UNKNOWN'
        end as outcome,
        coalesce(min(called.succeeded_version), max(called.failed_version)) as concluding_version,
        max(called.aggregate_version) as last_version
    from called
    group by called.quote_id, called.idempotency_key
)

select
    collapsed.quote_id,
    collapsed.idempotency_key,
    shown.quote_revision,
    collapsed.call_count,
    collapsed.attempted_at,
    collapsed.outcome,
    case when collapsed.concluding_version is not null then shown.event_time end as concluded_at,
    case when collapsed.outcome = 'SUCCEEDED' then shown.order_id end as order_id,
    case when collapsed.outcome = 'FAILED' then shown.failure_code end as failure_code,
    shown.event_id as source_event_id,
    shown.arrival_seq
from collapsed
inner join called as shown
    on
        collapsed.quote_id = shown.quote_id
        and coalesce(collapsed.concluding_version, collapsed.last_version) = shown.aggregate_version
