-- Of legs in another currency than the acceptance only that they are breaks: amounts of two currencies are never added.
{% set legs = {"order": "quote_order", "billing": "order_billing"} %}
with leg as (
    select
        acceptance.quote_id,
        acceptance.quote_revision,
        held.leg,
        held.leg_class,
        held.is_break,
        held.order_id,
        case when held.is_break and held.currency = shown.currency then held.over_net_amount else 0 end as over_net_amount,
        case when held.is_break and held.currency = shown.currency then held.under_net_amount else 0 end as under_net_amount
    from {{ ref("int_quote_acceptance") }} as acceptance
    inner join {{ ref("fact_commercial_leg") }} as held on acceptance.quote_id = held.quote_id
    left join {{ ref("int_commitment_price") }} as shown
        on acceptance.quote_id = shown.quote_id and acceptance.quote_revision = shown.quote_revision
    where acceptance.is_in_force
)

select
    leg.quote_id,
    leg.quote_revision,
    {%- for name, part in legs.items() %}
    count(case when leg.leg = '{{ part }}' and leg.is_break then 1 end) as {{ name }}_break_count,
    count(case when leg.leg = '{{ part }}' and leg.leg_class <> 'timing' then 1 end) as {{ name }}_settled_count,
    {{ money("sum(case when leg.leg = '" ~ part ~ "' then leg.over_net_amount else 0 end)") }} as {{ name }}_over_net_amount,
    {{ money("sum(case when leg.leg = '" ~ part ~ "' then leg.under_net_amount else 0 end)") }} as {{ name }}_under_net_amount,
    {%- endfor %}
    {{ distinct_texts("case when leg.leg = 'quote_order' then leg.order_id end") }} as order_ids
from leg
group by leg.quote_id, leg.quote_revision
