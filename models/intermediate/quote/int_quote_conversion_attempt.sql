{{ config(materialized="incremental", incremental_strategy="touched", unique_key="quote_id", touched="Quote") }}

select
    attempt.quote_id,
    attempt.idempotency_key,
    attempt.quote_revision,
    attempt.call_count,
    attempt.attempted_at,
    attempt.attempt_outcome as outcome,
    case when attempt.is_concluded then attempt.event_time end as concluded_at,
    case when attempt.attempt_outcome = 'SUCCEEDED' then attempt.order_id end as order_id,
    case when attempt.attempt_outcome = 'FAILED' then attempt.failure_code end as failure_code,
    attempt.event_id as source_event_id,
    attempt.arrival_seq
from {{ collapsed_attempts(
    "stg_cpq__quote_conversion_attempted", "Quote", "quote_id", success="SUCCEEDED", failure="FAILED",
) }} as attempt
