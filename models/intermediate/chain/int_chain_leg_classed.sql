-- Every leg with its class: a price that differs by less than the smallest coin for each rounded amount is rounding, one within the policy
-- is within tolerance; everything else is what its leg says.
with measured as (
    select
        leg.*,
        leg.over_net_amount + leg.under_net_amount as distance,
        coalesce(of_currency.policy_version, of_all.policy_version) as tolerance_policy_version,
        coalesce(of_currency.absolute_amount, of_all.absolute_amount, 0) as tolerance_amount,
        coalesce(of_currency.percent, of_all.percent, 0) as tolerance_percent,
        case coalesce(currency.minor_units, 2)
            when 0 then 1 when 1 then 0.1 when 2 then 0.01 when 3 then 0.001 else 0.0001
        end * leg.rounded_amount_count as rounding_limit
    from {{ ref("int_chain_leg") }} as leg
    left join {{ ref("int_chain_tolerance") }} as of_currency on leg.leg = of_currency.leg and leg.currency = of_currency.currency
    left join {{ ref("int_chain_tolerance") }} as of_all on leg.leg = of_all.leg and of_all.currency is null
    left join {{ ref("currency") }} as currency on leg.currency = currency.currency_code
),

refined as (
    select
        measured.*,
        case
            when measured.leg_class <> 'price' then measured.leg_class
            when measured.distance < measured.rounding_limit then 'rounding'
            when
                measured.distance <= measured.tolerance_amount
                and measured.distance * 100 <= abs(measured.left_net_amount) * measured.tolerance_percent
                then 'within_tolerance'
            else 'price'
        end as refined_class
    from measured
)

select
    refined.leg,
    {{ chain_key("refined") }} as chain_key,
    {% for column in leg_defaults() if column not in ["leg_class", "rounded_amount_count"] -%}
    refined.{{ column }},
    {% endfor -%}
    refined.refined_class as leg_class,
    chain_class.is_break,
    refined.tolerance_policy_version
from refined
left join {{ ref("chain_class") }} as chain_class on refined.refined_class = chain_class.leg_class
