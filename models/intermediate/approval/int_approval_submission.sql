{{ config(materialized="incremental", incremental_strategy="touched", unique_key="quote_id", touched="Quote") }}

-- Submissions of a revision, one per sequence number: submitted again under one, the last counts.
with numbered as (
    select
        submission.*,
        row_number() over (
            partition by submission.quote_id, submission.quote_revision, submission.submission_sequence
            order by submission.aggregate_version desc
        ) as recency
    from {{ applied_events("stg_cpq__quote_submitted_for_approval", "Quote") }} as submission
)

select
    numbered.quote_id,
    numbered.quote_revision,
    numbered.submission_sequence,
    numbered.event_time as submitted_at,
    numbered.approval_required as is_approval_required,
    numbered.policy_version,
    {{ joined_list("numbered.reason_codes") }} as reason_codes,
    numbered.event_id as source_event_id,
    numbered.arrival_seq
from numbered
where numbered.recency = 1
