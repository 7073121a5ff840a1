{{ config(materialized="incremental", incremental_strategy="touched", unique_key="order_id", touched="Order") }}

select
    attempt.order_id,
    attempt.idempotency_key,
    attempt.quote_id,
    attempt.quote_revision,
    attempt.attempt_number,
    attempt.attempted_at,
    {{ date_key("attempt.attempted_at") }} as attempted_date_key,
    attempt.call_count,
    attempt.outcome,
    attempt.is_first_pass,
    attempt.concluded_at,
    attempt.submitted_order_id,
    attempt.validation_code,
    attempt.source_event_id,
    attempt.arrival_seq,
    {{ integrity_flags() }}
from {{ ref("int_order_submission_attempt") }} as attempt
left join {{ ref("int_aggregate_integrity") }} as integrity
    on attempt.order_id = integrity.aggregate_id and integrity.aggregate_type = 'Order'
where {{ is_touched("attempt.order_id", "Order") }}
