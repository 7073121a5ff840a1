-- KPIs 4 and 5: which submissions need an approval, what was decided, and how long that took.
with submission as (
    select
        submitted.*,
        {{ canonical_text([
            {"name": "submitted.quote_id", "data_type": "varchar"}, {"name": "submitted.quote_revision", "data_type": "bigint"},
            {"name": "submitted.submission_sequence", "data_type": "bigint"},
        ]) }} as submission_id
    from {{ ref("fact_approval_submission") }} as submitted
)

select
    {{ kpi_columns(
        "approval_required_rate", "submission.submission_id", "submission.submitted_at", quote_id="submission.quote_id",
        numerator=one_if("submission.is_approval_required"), denominator="1",
    ) }}
from submission
union all
select
    {{ kpi_columns(
        "auto_approved_rate", "submission.submission_id", "submission.submitted_at", quote_id="submission.quote_id",
        numerator=one_if("submission.is_auto_approved"), denominator="1",
    ) }}
from submission
union all
select
    {{ kpi_columns(
        "approval_grant_rate", "submission.submission_id", "submission.submitted_at", quote_id="submission.quote_id",
        numerator=one_if("submission.decision = 'APPROVED'"), denominator="1",
        exclusion="case when submission.decision not in ('APPROVED', 'DENIED') then lower(submission.decision) end",
    ) }}
from submission
union all
select
    {{ kpi_columns(
        "approval_cycle_time", "submission.submission_id",
        "coalesce(submission.final_decided_at, least(submission.recalled_at, submission.invalidated_at))", quote_id="submission.quote_id",
        denominator="1", seconds="submission.cycle_seconds",
        exclusion="case when submission.is_withdrawn_before_decision then 'withdrawn_before_decision' "
        ~ "when submission.has_time_defect then 'time_defect' when submission.cycle_seconds is null then 'request_missing' end",
    ) }}
from submission
where submission.final_decided_at is not null or submission.is_withdrawn_before_decision
union all
select
    {{ kpi_columns(
        "approval_step_time", "step.approval_request_id", "step.decided_at", quote_id="step.quote_id", denominator="1",
        seconds="step.decision_seconds",
        exclusion="case when step.is_withdrawn_before_decision then 'withdrawn_before_decision' "
        ~ "when step.has_time_defect then 'time_defect' when step.decision_seconds is null then 'request_missing' end",
    ) }}
from {{ ref("fact_approval_step") }} as step
where step.decided_at is not null
union all
select
    {{ kpi_columns(
        "approval_sla_breach_rate", "step.approval_request_id", "step.decided_at", quote_id="step.quote_id",
        numerator=one_if("step.is_sla_breached"), denominator="1",
        exclusion="case when step.sla_due_at is null then 'no_due_time' end",
    ) }}
from {{ ref("fact_approval_step") }} as step
where step.decided_at is not null
