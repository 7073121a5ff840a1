-- The submission for approval that holds for each revision of a quote: the last one.
with ranked as (
    select
        submission.*,
        row_number() over (
            partition by submission.quote_id, submission.quote_revision order by submission.submission_sequence desc
        ) as recency
    from {{ ref("fact_approval_submission") }} as submission
)

select
    ranked.quote_id,
    ranked.quote_revision,
    ranked.submission_sequence,
    ranked.is_approval_required,
    ranked.policy_version,
    ranked.reason_codes,
    ranked.decision
from ranked
where ranked.recency = 1
