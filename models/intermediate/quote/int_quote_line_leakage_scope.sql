-- The lines that an adjustment which counts to leakage made cheaper. The taxonomy says which types always count and which where the policy
-- of the adjustment lists them; of a policy that has not arrived nobody knows.
with lowering as (
    select
        adjustment.quote_id,
        adjustment.quote_revision,
        adjustment.quote_line_id,
        adjustment.adjustment_amount,
        taxonomy.counts_to_leakage or listed.policy_version is not null as is_in_scope,
        not taxonomy.counts_to_leakage and known.policy_version is null as is_undecided
    from {{ ref("int_quote_line_adjustment") }} as adjustment
    inner join {{ ref("discount_type") }} as taxonomy on adjustment.adjustment_type = taxonomy.code
    left join {{ ref("int_policy_leakage_type") }} as listed
        on adjustment.policy_version = listed.policy_version and adjustment.adjustment_type = listed.adjustment_type
    left join (
        select distinct policy.policy_version
        from {{ ref("int_policy_leakage_type") }} as policy
    ) as known on adjustment.policy_version = known.policy_version
    where
        adjustment.adjustment_amount < 0
        and (taxonomy.counts_to_leakage or taxonomy.counts_to_leakage_if_listed)
)

select
    lowering.quote_id,
    lowering.quote_revision,
    lowering.quote_line_id,
    {{ money("sum(case when lowering.is_in_scope then lowering.adjustment_amount else 0 end)") }} as scope_adjustment_amount,
    max(case when lowering.is_in_scope then 1 else 0 end) = 1 as is_in_scope,
    max(case when lowering.is_undecided then 1 else 0 end) = 1 as is_undecided
from lowering
group by lowering.quote_id, lowering.quote_revision, lowering.quote_line_id
having max(case when lowering.is_in_scope or lowering.is_undecided then 1 else 0 end) = 1
