-- KPI 19: policies that were overridden at a submission, and those overridden in vain.
{% set held = ["policy_override_count", "policy_overrides_by_type", "policy_overrides_per_100_submissions"] %}
{% for measure in held -%}
select
    {{ kpi_columns(
        measure, "override.policy_override_id", "override.submitted_at", quote_id="override.quote_id", numerator="1",
        split_value="override.policy_type" if measure == "policy_overrides_by_type" else "''",
    ) }}
from {{ ref("fact_policy_override") }} as override
where override.is_in_force_at_submission
union all
{% endfor -%}
select
    {{ kpi_columns(
        "policy_override_attempt_count", "override.policy_override_id", "override.first_event_at", quote_id="override.quote_id", numerator="1",
    ) }}
from {{ ref("fact_policy_override") }} as override
where not override.is_in_force_at_submission
union all
select
    {{ kpi_columns(
        "policy_overrides_per_100_submissions",
        "concat_ws('', 'submission ', " ~ canonical_text([
            {"name": "submission.quote_id", "data_type": "varchar"}, {"name": "submission.quote_revision", "data_type": "bigint"},
            {"name": "submission.submission_sequence", "data_type": "bigint"},
        ]) ~ ")",
        "submission.submitted_at", quote_id="submission.quote_id", denominator="1",
    ) }}
from {{ ref("fact_approval_submission") }} as submission
