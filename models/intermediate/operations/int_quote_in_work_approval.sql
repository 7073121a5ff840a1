{{ config(materialized="table") }}

-- Whether the approval of each quote in work still holds: no request of its last submission withdrawn, and none past its validity.
select
    submission.quote_id,
    submission.quote_revision,
    submission.submission_sequence,
    submission.policy_version,
    submission.reason_codes,
    submission.decision,
    min(step.valid_until) as valid_until,
    min(coalesce(step.invalidated_at, step.recalled_at)) as withdrawn_at,
    min(coalesce(step.invalidation_reason, step.recall_reason)) as withdrawal_reason,
    min(step.sla_due_at) as sla_due_at,
    submission.decision in ('APPROVED', 'NOT_REQUIRED')
    and min(coalesce(step.invalidated_at, step.recalled_at)) is null
    and coalesce(min(step.valid_until) >= {{ as_of() }}, true) as is_approval_fresh
from {{ ref("int_quote_last_submission") }} as submission
inner join {{ ref("int_quote_in_work") }} as work
    on submission.quote_id = work.quote_id and submission.quote_revision = work.quote_revision
left join {{ ref("fact_approval_step") }} as step
    on
        submission.quote_id = step.quote_id
        and submission.quote_revision = step.quote_revision
        and submission.submission_sequence = step.submission_sequence
group by
    submission.quote_id,
    submission.quote_revision,
    submission.submission_sequence,
    submission.policy_version,
    submission.reason_codes,
    submission.decision
