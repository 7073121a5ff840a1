{{ config(materialized="incremental", incremental_strategy="touched", unique_key="order_id", touched="Order") }}

-- Calls under one idempotency key are one attempt. What was accepted stays accepted: a rejected or unknown call after it is a replay.
with called as (
    select
        attempt.*,
        case when attempt.outcome = 'ACCEPTED' then attempt.aggregate_version end as accepted_version,
        case when attempt.outcome = 'REJECTED' then attempt.aggregate_version end as rejected_version
    from {{ applied_events("stg_oms__order_submission_attempted", "Order") }} as attempt
),

collapsed as (
    select
        called.order_id,
        called.idempotency_key,
        count(*) as call_count,
        min(called.aggregate_version) as first_version,
        min_by(called.event_time, called.aggregate_version) as attempted_at,
        case
            when max(called.accepted_version) is not null then 'ACCEPTED'
            when max(called.rejected_version) is not null then 'REJECTED'
            else 'UNKNOWN'
        end as outcome,
        coalesce(min(called.accepted_version), max(called.rejected_version)) as concluding_version,
        max(called.aggregate_version) as last_version
    from called
    group by called.order_id, called.idempotency_key
),

numbered as (
    select
        collapsed.*,
        cast(row_number() over (partition by collapsed.order_id order by collapsed.first_version) as bigint) as attempt_number
    from collapsed
)

select
    numbered.order_id,
    numbered.idempotency_key,
    shown.quote_id,
    shown.quote_revision,
    numbered.attempt_number,
    numbered.attempted_at,
    numbered.call_count,
    numbered.outcome,
    numbered.attempt_number = 1 and numbered.outcome = 'ACCEPTED' as is_first_pass,
    case when numbered.concluding_version is not null then shown.event_time end as concluded_at,
    case when numbered.outcome = 'ACCEPTED' then shown.submitted_order_id end as submitted_order_id,
    case when numbered.outcome = 'REJECTED' then shown.validation_code end as validation_code,
    shown.event_id as source_event_id,
    shown.arrival_seq
from numbered
inner join called as shown
    on
        numbered.order_id = shown.order_id
        and coalesce(numbered.concluding_version, numbered.last_version) = shown.aggregate_version
