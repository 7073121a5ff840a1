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
    {{ integrity_flags() }}
from {{ ref("int_configuration_attempt") }} as attempt
left join {{ ref("int_aggregate_integrity") }} as integrity
    on attempt.quote_id = integrity.aggregate_id and integrity.aggregate_type = 'Quote'
where {{ is_touched("attempt.quote_id", "Quote") }}
