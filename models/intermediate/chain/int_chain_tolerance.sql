-- The tolerance policy that is in force at the as-of time, version and all.
with in_force as (
    select max(policy.policy_version) as policy_version
    from {{ ref("chain_tolerance") }} as policy
    where policy.effective_from <= cast({{ as_of() }} as date)
)

select
    policy.policy_version,
    policy.leg,
    policy.currency,
    policy.absolute_amount,
    policy.percent
from {{ ref("chain_tolerance") }} as policy
inner join in_force on policy.policy_version = in_force.policy_version
