{{ config(materialized="table") }}

-- Each version of the approval policy as its last applied event says; a version that two policies share is taken from the one by id.
with ranked as (
    select
        published.*,
        row_number() over (
            partition by published.policy_version
            order by published.approval_policy_id asc, published.aggregate_version desc
        ) as recency
    from {{ applied_events("stg_cpq__approval_policy_published") }} as published
)

select
    ranked.policy_version,
    ranked.margin_guardrail_percent,
    ranked.discount_threshold_percent,
    ranked.leakage_types,
    ranked.effective_from
from ranked
where ranked.recency = 1
