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
),

concluded as (
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
)

select
    concluded.quote_id,
    concluded.idempotency_key,
    concluded.quote_revision,
    concluded.attempted_at,
    {{ date_key("concluded.attempted_at") }} as attempted_date_key,
    concluded.call_count,
    concluded.outcome,
    concluded.concluded_at,
    concluded.order_id,
    concluded.failure_code,
    revision.accepted_at,
    {{ date_key("revision.accepted_at") }} as accepted_date_key,
    revision.accepted_at is not null as is_accepted_revision,
    case
        when concluded.outcome = 'SUCCEEDED' and concluded.concluded_at >= revision.accepted_at
            then {{ seconds_between("revision.accepted_at", "concluded.concluded_at") }}
    end as conversion_seconds,
    concluded.source_event_id,
    concluded.arrival_seq,
    coalesce(integrity.has_gap, false) as has_gap,
    coalesce(integrity.has_stale_event, false) as has_stale_event,
    coalesce(integrity.has_open_conflict, false) as has_open_conflict
from concluded
left join {{ ref("int_quote_revision") }} as revision
    on concluded.quote_id = revision.quote_id and concluded.quote_revision = revision.quote_revision
left join {{ ref("int_aggregate_integrity") }} as integrity
    on concluded.quote_id = integrity.aggregate_id and integrity.aggregate_type = 'Quote'
