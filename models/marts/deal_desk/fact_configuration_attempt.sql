{{ config(materialized="incremental", incremental_strategy="touched", unique_key="quote_id", touched="Quote") }}

select
    attempt.quote_id,
    attempt.quote_revision,
    attempt.attempt_number,
    attempt.attempted_at,
    {{ date_key("attempt.attempted_at") }} as attempted_date_key,
    attempt.validation_trigger,
    attempt.outcome,
    attempt.error_count,
    attempt.warning_count,
    attempt.has_error,
    attempt.error_rule_ids,
    attempt.warning_rule_ids,
    attempt.is_first_pass,
    attempt.is_outcome_contradicted,
    attempt.source_event_id,
    attempt.arrival_seq,
    coalesce(integrity.has_gap, false) as has_gap,
    coalesce(integrity.has_stale_event, false) as has_stale_event,
    coalesce(integrity.has_open_conflict, false) as has_open_conflict
from {{ ref("int_configuration_attempt") }} as attempt
left join {{ ref("int_aggregate_integrity") }} as integrity
    on attempt.quote_id = integrity.aggregate_id and integrity.aggregate_type = 'Quote'
where {{ is_touched("attempt.quote_id", "Quote") }}
