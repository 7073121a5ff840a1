{{ config(materialized="incremental", incremental_strategy="touched", unique_key="quote_id", touched="Quote") }}

-- What a submission borrows from its approval requests: a quote is rebuilt when one of them changed.
{% set borrowed = [
    "step_count", "decision", "first_requested_at", "final_decided_at", "recalled_at", "recall_reason", "invalidated_at", "invalidation_reason",
    "is_withdrawn_before_decision", "has_gap", "has_stale_event", "has_open_conflict",
] %}
with judged as (
    select
        submission.*,
        step.first_requested_at,
        step.last_decided_at,
        step.recalled_at,
        step.recall_reason,
        step.invalidated_at,
        step.invalidation_reason,
        revision.accepted_at,
        coalesce(step.step_count, 0) as step_count,
        coalesce(step.withdrawn_step_count, 0) > 0 as is_withdrawn_before_decision,
        case
            when step.denied_step_count > 0 then 'DENIED'
            when step.withdrawn_step_count > 0 then 'WITHDRAWN'
            when step.decided_step_count = step.step_count then 'APPROVED'
            when step.step_count is null and not submission.is_approval_required then 'NOT_REQUIRED'
            else 'PENDING'
        end as decision,
        coalesce(integrity.has_gap or step.has_gap, false) as has_gap,
        coalesce(integrity.has_stale_event or step.has_stale_event, false) as has_stale_event,
        coalesce(integrity.has_open_conflict or step.has_open_conflict, false) as has_open_conflict
    from {{ ref("int_approval_submission") }} as submission
    left join {{ ref("int_approval_submission_step") }} as step
        on
            submission.quote_id = step.quote_id
            and submission.quote_revision = step.quote_revision
            and submission.submission_sequence = step.submission_sequence
    left join {{ ref("int_quote_revision") }} as revision
        on submission.quote_id = revision.quote_id and submission.quote_revision = revision.quote_revision
    left join {{ ref("int_aggregate_integrity") }} as integrity
        on submission.quote_id = integrity.aggregate_id and integrity.aggregate_type = 'Quote'
),

assembled as (
    select
        judged.*,
        case when judged.decision in ('APPROVED', 'DENIED') then judged.last_decided_at end as final_decided_at
    from judged
)

select
    assembled.quote_id,
    assembled.quote_revision,
    assembled.submission_sequence,
    assembled.submitted_at,
    {{ date_key("assembled.submitted_at") }} as submitted_date_key,
    assembled.is_approval_required,
    not assembled.is_approval_required as is_auto_approved,
    assembled.policy_version,
    assembled.reason_codes,
    assembled.step_count,
    assembled.decision,
    assembled.first_requested_at,
    assembled.final_decided_at,
    {{ date_key("assembled.final_decided_at") }} as final_decided_date_key,
    case
        when assembled.final_decided_at >= assembled.first_requested_at and not assembled.is_withdrawn_before_decision
            then {{ seconds_between("assembled.first_requested_at", "assembled.final_decided_at") }}
    end as cycle_seconds,
    coalesce(assembled.final_decided_at < assembled.first_requested_at, false) as has_time_defect,
    assembled.recalled_at,
    assembled.recall_reason,
    assembled.invalidated_at,
    assembled.invalidation_reason,
    assembled.is_withdrawn_before_decision,
    assembled.accepted_at,
    coalesce(
        assembled.decision = 'APPROVED'
        and (assembled.accepted_at is null or assembled.invalidated_at < assembled.accepted_at)
        and assembled.invalidated_at is not null,
        false
    ) as is_invalidated_before_acceptance,
    assembled.source_event_id,
    assembled.arrival_seq,
    assembled.has_gap,
    assembled.has_stale_event,
    assembled.has_open_conflict
from assembled
where
    {{ is_touched("assembled.quote_id", "Quote") }} -- noqa: LT02
    {%- if is_incremental() %}
    or assembled.quote_id in (
        {{ ids_with_changes("quote_id", "assembled", ["quote_id", "quote_revision", "submission_sequence"], borrowed) }}
    )
    {%- endif %}
