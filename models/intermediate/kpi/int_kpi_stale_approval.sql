-- KPI 6: approvals that fell before they were used. A revision counts once, from its first approval; of several invalidations the first.
with numbered as (
    select
        submission.*,
        row_number() over (
            partition by submission.quote_id, submission.quote_revision
            order by coalesce(submission.invalidated_at, cast('9999-12-31' as timestamp)), submission.submission_sequence
        ) as invalidation_number
    from {{ ref("fact_approval_submission") }} as submission
    where submission.decision = 'APPROVED'
),

approved as (
    select
        numbered.quote_id,
        numbered.quote_revision,
        min(numbered.final_decided_at) as approved_at,
        min(numbered.invalidated_at) as invalidated_at,
        min(case when numbered.invalidation_number = 1 then numbered.invalidation_reason end) as invalidation_reason
    from numbered
    group by numbered.quote_id, numbered.quote_revision
),

judged as (
    select
        lifecycle.quote_id,
        {{ canonical_text([
            {"name": "lifecycle.quote_id", "data_type": "varchar"}, {"name": "lifecycle.quote_revision", "data_type": "bigint"},
        ]) }} as revision_id,
        coalesce(approved.approved_at, lifecycle.approved_at) as approved_at,
        approved.invalidation_reason,
        approved.quote_id is null as is_unasked,
        coalesce(
            approved.invalidated_at < coalesce(lifecycle.accepted_at, cast('9999-12-31' as timestamp))
            and approved.invalidated_at < coalesce(lifecycle.converted_at, cast('9999-12-31' as timestamp))
            and {{ seconds_between("approved.approved_at", "approved.invalidated_at") }} <= {{ kpi_window_seconds(6) }},
            false
        ) as is_stale
    from {{ ref("fact_quote_lifecycle") }} as lifecycle
    left join approved on lifecycle.quote_id = approved.quote_id and lifecycle.quote_revision = approved.quote_revision
    where approved.quote_id is not null or lifecycle.approved_at is not null
)

select
    {{ kpi_columns(
        "stale_approval_rate", "judged.revision_id", "judged.approved_at", quote_id="judged.quote_id", numerator=one_if("judged.is_stale"),
        denominator="1", exclusion="case when judged.is_unasked then 'approved_without_request' end",
    ) }}
from judged
union all
select
    {{ kpi_columns(
        "stale_approvals_by_reason", "judged.revision_id", "judged.approved_at", quote_id="judged.quote_id", numerator="1",
        split_value="judged.invalidation_reason",
    ) }}
from judged
where judged.is_stale
