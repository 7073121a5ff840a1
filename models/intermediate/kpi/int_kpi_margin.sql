-- KPI 18: accepted quotes below the margin guardrail of the policy that they were submitted under. The margin is that of all lines
-- together, over all charge types: (net - cost) / net < guardrail percent, without a division.
with accepted as (
    select
        quote.quote_id,
        quote.accepted_at,
        count(distinct line.currency) as currency_count,
        min(line.currency) as currency,
        count(*) = count(line.cost_amount) as is_cost_complete,
        sum(line.net_price_amount) as net_amount,
        sum(line.cost_amount) as cost_amount,
        quote.quote_revision
    from {{ ref("int_accepted_quote") }} as quote
    left join {{ ref("fact_quote_line_price") }} as line
        on quote.quote_id = line.quote_id and quote.quote_revision = line.quote_revision
    group by quote.quote_id, quote.quote_revision, quote.accepted_at
),

submitted as (
    select
        submission.quote_id,
        submission.quote_revision,
        max_by(submission.policy_version, submission.submission_sequence) as policy_version
    from {{ ref("fact_approval_submission") }} as submission
    group by submission.quote_id, submission.quote_revision
),

granted as (
    select
        step.quote_id,
        step.quote_revision
    from {{ ref("fact_approval_step") }} as step
    where step.is_valid_at_acceptance
    group by step.quote_id, step.quote_revision
),

judged as (
    select
        accepted.*,
        granted.quote_id is not null as is_approved,
        case
            when not accepted.is_cost_complete or not accepted.net_amount > 0 or accepted.currency_count <> 1 then 'unknown_margin'
            when policy.margin_guardrail_percent is null then 'unknown_guardrail'
        end as exclusion,
        (accepted.net_amount - accepted.cost_amount) * 100 < policy.margin_guardrail_percent * accepted.net_amount as is_exception
    from accepted
    left join submitted on accepted.quote_id = submitted.quote_id and accepted.quote_revision = submitted.quote_revision
    left join {{ ref("int_approval_policy_version") }} as policy on submitted.policy_version = policy.policy_version
    left join granted on accepted.quote_id = granted.quote_id and accepted.quote_revision = granted.quote_revision
)

{% for measure, condition in {
    "margin_exception_rate": "judged.is_exception",
    "margin_exception_approved_rate": "judged.is_exception and judged.is_approved",
    "margin_exception_unapproved_rate": "judged.is_exception and not judged.is_approved",
}.items() -%}
select
    {{ kpi_columns(
        measure, "judged.quote_id", "judged.accepted_at", quote_id="judged.quote_id", numerator=one_if(condition), denominator="1",
        exclusion="judged.exclusion",
    ) }}
from judged
union all
{% endfor -%}
select
    {{ kpi_columns(
        "margin_value_at_risk", "judged.quote_id", "judged.accepted_at", quote_id="judged.quote_id", numerator="judged.net_amount",
        split_value="judged.currency",
    ) }}
from judged
where judged.is_exception and judged.exclusion is null
