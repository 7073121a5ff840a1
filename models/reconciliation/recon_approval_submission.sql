-- fact_approval_submission against the last QuoteSubmittedForApproval of each submission that the lake holds.
with lake_row as (
    select
        submission.is_in_force as is_counted,
        submission.quote_id,
        submission.quote_revision,
        submission.submission_sequence,
        submission.event_time as submitted_at,
        submission.approval_required as is_approval_required,
        submission.policy_version,
        submission.event_id as source_event_id
    from {{ in_force("stg_cpq__quote_submitted_for_approval", ["quote_id", "quote_revision", "submission_sequence"]) }} as submission
),

{{ row_pair_sides(
    "approval_submission", "fact_approval_submission", "submitted_at",
    {
        "quote_id": "varchar", "quote_revision": "bigint", "submission_sequence": "bigint", "submitted_at": "timestamp",
        "is_approval_required": "boolean", "policy_version": "varchar", "source_event_id": "varchar",
    },
) }}
