{{ config(materialized="incremental", incremental_strategy="touched", unique_key="order_id", touched="Order") }}

with numbered as (
    select
        attempt.*,
        cast(row_number() over (partition by attempt.order_id order by attempt.first_version) as bigint) as attempt_number
    from {{ collapsed_attempts(
        "stg_oms__order_submission_attempted", "Order", "order_id", success="ACCEPTED", failure="REJECTED",
    ) }} as attempt
)

select
    numbered.order_id,
    numbered.idempotency_key,
    numbered.quote_id,
    numbered.quote_revision,
    numbered.attempt_number,
    numbered.attempted_at,
    numbered.call_count,
    numbered.attempt_outcome as outcome,
    numbered.attempt_number = 1 and numbered.attempt_outcome = 'ACCEPTED' as is_first_pass,
    case when numbered.is_concluded then numbered.event_time end as concluded_at,
    case when numbered.attempt_outcome = 'ACCEPTED' then numbered.submitted_order_id end as submitted_order_id,
    case when numbered.attempt_outcome = 'REJECTED' then numbered.validation_code end as validation_code,
    numbered.event_id as source_event_id,
    numbered.arrival_seq
from numbered
