{{ config(materialized="incremental", incremental_strategy="touched", unique_key="quote_id", touched="Quote") }}

-- An override holds from the event that applied it to the next event of the same override, in version order.
with happened as (
    select
        override.*,
        lead(override.aggregate_version) over (
            partition by override.quote_id, override.quote_revision, override.quote_line_id, override.policy_id
            order by override.aggregate_version
        ) as next_version
    from {{ applied_events("int_policy_override_event") }} as override
    where {{ is_touched("override.quote_id", "Quote") }}
),

submitted as (
    select submission.*
    from {{ applied_events("stg_cpq__quote_submitted_for_approval", "Quote") }} as submission
),

submitted_in_force as (
    select
        happened.arrival_seq,
        min_by(submitted.event_time, submitted.aggregate_version) as submitted_at,
        min(submitted.aggregate_version) as submitted_version
    from happened
    inner join submitted
        on
            happened.quote_id = submitted.quote_id
            and happened.quote_revision = submitted.quote_revision
            and happened.aggregate_version < submitted.aggregate_version
            and (happened.next_version is null or happened.next_version > submitted.aggregate_version)
    where happened.is_in_force
    group by happened.arrival_seq
),

folded as (
    select
        happened.quote_id,
        happened.quote_revision,
        happened.quote_line_id,
        happened.policy_id,
        max_by(happened.policy_type, happened.aggregate_version) as policy_type,
        max_by(happened.is_in_force, happened.aggregate_version) as is_in_force,
        count(case when happened.is_in_force then happened.arrival_seq end) as applied_count,
        count(case when not happened.is_in_force then happened.arrival_seq end) as removed_count,
        min_by(happened.event_time, case when happened.is_in_force then happened.aggregate_version end) as first_applied_at,
        max_by(happened.changed_by, case when happened.is_in_force then happened.aggregate_version end) as applied_by,
        max_by(happened.event_time, case when not happened.is_in_force then happened.aggregate_version end) as last_removed_at,
        max_by(happened.changed_by, case when not happened.is_in_force then happened.aggregate_version end) as last_removed_by,
        min_by(submitted_in_force.submitted_at, submitted_in_force.submitted_version) as submitted_at,
        min_by(happened.event_time, happened.aggregate_version) as first_event_at,
        max_by(happened.event_id, happened.aggregate_version) as source_event_id,
        max_by(happened.arrival_seq, happened.aggregate_version) as arrival_seq
    from happened
    left join submitted_in_force on happened.arrival_seq = submitted_in_force.arrival_seq
    group by happened.quote_id, happened.quote_revision, happened.quote_line_id, happened.policy_id
)

select
    {{ canonical_text([
        {"name": "folded.quote_id", "data_type": "varchar"}, {"name": "folded.quote_revision", "data_type": "bigint"},
        {"name": "folded.quote_line_id", "data_type": "varchar"}, {"name": "folded.policy_id", "data_type": "varchar"},
    ]) }} as policy_override_id,
    folded.quote_id,
    folded.quote_revision,
    folded.quote_line_id,
    folded.policy_id,
    folded.policy_type,
    folded.first_event_at,
    folded.first_applied_at,
    folded.applied_by,
    folded.applied_count,
    folded.last_removed_at,
    folded.last_removed_by,
    folded.removed_count,
    folded.is_in_force,
    folded.submitted_at is not null as is_in_force_at_submission,
    folded.submitted_at,
    folded.source_event_id,
    folded.arrival_seq
from folded
