{{ config(materialized="incremental", incremental_strategy="touched", unique_key="quote_id", touched="Quote") }}

select
    attempt.quote_id,
    attempt.idempotency_key,
    attempt.quote_revision,
    attempt.attempted_at,
    {{ date_key("attempt.attempted_at") }} as attempted_date_key,
    attempt.call_count,
    attempt.outcome,
    attempt.concluded_at,
    attempt.order_id,
    attempt.failure_code,
    revision.accepted_at,
    {{ date_key("revision.accepted_at") }} as accepted_date_key,
    revision.accepted_at is not null as is_accepted_revision,
    case
        when attempt.outcome = 'SUCCEEDED' and attempt.concluded_at >= revision.accepted_at
            then {{ seconds_between("revision.accepted_at", "attempt.concluded_at") }}
    end as conversion_seconds,
    attempt.source_event_id,
    attempt.arrival_seq,
    {{ integrity_flags() }}
from {{ ref("int_quote_conversion_attempt") }} as attempt
left join {{ ref("int_quote_revision") }} as revision
    on attempt.quote_id = revision.quote_id and attempt.quote_revision = revision.quote_revision
left join {{ ref("int_aggregate_integrity") }} as integrity
    on attempt.quote_id = integrity.aggregate_id and integrity.aggregate_type = 'Quote'
where {{ is_touched("attempt.quote_id", "Quote") }}
