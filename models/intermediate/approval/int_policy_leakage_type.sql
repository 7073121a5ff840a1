-- The adjustment types that each policy version counts to leakage, as last published.
with ranked as (
    select
        published.*,
        row_number() over (
            partition by published.policy_version order by published.aggregate_version desc, published.aggregate_id asc
        ) as recency
    from {{ applied_events("stg_cpq__approval_policy_published") }} as published
),

last_published as (
    select ranked.*
    from ranked
    where ranked.recency = 1
)

select distinct
    last_published.policy_version,
    adjustment_type
from last_published
{{ explode("last_published.leakage_types", "adjustment_type") }}
