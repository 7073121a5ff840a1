-- Who approved the revision. Its last submission says which approvals it needed.
select
    step.quote_id,
    step.quote_revision,
    count(case when step.decision = 'APPROVED' then 1 end) as approval_count,
    count(case when step.is_valid_at_acceptance then 1 end) as valid_approval_count,
    count(
        case
            when step.submission_sequence = submitted.submission_sequence and not coalesce(step.is_valid_at_acceptance, false) then 1
        end
    ) as missing_approval_count,
    {{ distinct_texts("case when step.is_valid_at_acceptance then step.decided_by end") }} as approved_by
from {{ ref("fact_approval_step") }} as step
left join {{ ref("int_quote_last_submission") }} as submitted
    on step.quote_id = submitted.quote_id and step.quote_revision = submitted.quote_revision
group by step.quote_id, step.quote_revision
