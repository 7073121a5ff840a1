{% set legs = {
    "quote_order": ["accepted", "ordered"],
    "order_billing": ["billable", "billed"],
    "order_asset": ["asset_ordered", "asset"],
    "asset_billing": ["asset_recurring", "activated_recurring"],
} %}
{% set events = {
    "quote": ["'quote_order'", "left"],
    "order": ["'order_billing', 'order_asset'", "left"],
    "ordered": ["'quote_order'", "right"],
    "billing": ["'order_billing'", "right"],
    "asset": ["'order_asset'", "right"],
    "activation": ["'asset_billing'", "right"],
} %}
{% set key = ["quote_id", "quote_line_id", "order_id", "order_item_id", "document_id", "billing_period", "currency"] %}
-- A row of a leg counts where it is, once: the legs of a whole line stand in its period 0. Several assets of one item are added up; of
-- their classes one that is a break is shown first.
with ranked as (
    select
        leg.*,
        concat_ws('', case when leg.is_break then '2' when leg.leg_class = 'matched' then '0' else '1' end, leg.leg_class) as weight
    from {{ ref("fact_commercial_leg") }} as leg
),

chain as (
    select
        ranked.chain_key,
        {%- for column in key %}
        ranked.{{ column }},
        {%- endfor %}
        max(ranked.quote_revision) as quote_revision,
        max(ranked.asset_id) as asset_id,
        max(ranked.billing_period_end_month) as billing_period_end_month,
        {%- for leg, sides in legs.items() %}
        {%- for column, source in [
            (sides[0], "left"), (sides[1], "right"), (leg ~ "_over", "over"), (leg ~ "_under", "under"),
        ] %}
        {{ money("sum(case when ranked.leg = '" ~ leg ~ "' then ranked." ~ source ~ "_net_amount end)") }} as {{ column }}_net_amount,
        {%- endfor %}
        {{ money("sum(case when ranked.leg = '" ~ leg ~ "' then ranked.difference_net_amount end)") }} as {{ leg }}_difference_net_amount,
        substr(max(case when ranked.leg = '{{ leg }}' then ranked.weight end), 2) as {{ leg }}_class,
        max(case when ranked.leg = '{{ leg }}' then ranked.clears_by_date end) as {{ leg }}_clears_by_date,
        {%- endfor %}
        {%- for name, source in events.items() %}
        max(case when ranked.leg in ({{ source[0] }}) then ranked.{{ source[1] }}_event_ids end) as {{ name }}_event_ids,
        {%- endfor %}
        {{ money("sum(ranked.credited_net_amount)") }} as credited_net_amount,
        cast(
            count(*) filter (where ranked.leg = 'order_billing' and (ranked.is_due or ranked.leg_class <> 'timing')) as integer
        ) as component_count,
        cast(count(*) filter (where ranked.leg = 'order_billing' and ranked.is_break) as integer) as mismatched_component_count,
        cast(count(*) filter (where ranked.is_break) as integer) as break_count,
        bool_or(ranked.is_overdue) as is_overdue,
        max(ranked.tolerance_policy_version) as tolerance_policy_version,
        bool_or(ranked.has_gap) as has_gap,
        bool_or(ranked.has_stale_event) as has_stale_event,
        bool_or(ranked.has_open_conflict) as has_open_conflict
    from ranked
    group by
        {% for column in key -%}
        ranked.{{ column }},
        {% endfor -%}
        ranked.chain_key
)

select
    chain.chain_key,
    {%- for column in key %}
    chain.{{ column }},
    {%- endfor %}
    chain.quote_revision,
    chain.asset_id,
    coalesce(item.account_id, header.account_id) as account_id,
    coalesce(item.product_offering_id, line.product_offering_id) as product_offering_id,
    coalesce(item.charge_type, line.charge_type) as charge_type,
    line.accepted_at,
    item.submitted_at,
    chain.billing_period_end_month,
    {%- for leg, sides in legs.items() %}
    {%- for name in [sides[0], sides[1], leg ~ "_difference", leg ~ "_over", leg ~ "_under"] %}
    chain.{{ name }}_net_amount,
    {%- endfor %}
    {%- if leg == "order_billing" %}
    chain.credited_net_amount,
    {%- endif %}
    chain.{{ leg }}_class,
    chain.{{ leg }}_clears_by_date,
    {%- endfor %}
    chain.component_count,
    chain.mismatched_component_count,
    chain.break_count,
    chain.is_overdue,
    chain.quote_event_ids,
    coalesce(chain.order_event_ids, chain.ordered_event_ids) as order_event_ids,
    chain.billing_event_ids,
    chain.asset_event_ids,
    chain.activation_event_ids,
    chain.tolerance_policy_version,
    chain.has_gap,
    chain.has_stale_event,
    chain.has_open_conflict
from chain
left join {{ ref("int_chain_item") }} as item on chain.order_id = item.order_id and chain.order_item_id = item.order_item_id
left join {{ ref("int_chain_accepted_line") }} as line on chain.quote_id = line.quote_id and chain.quote_line_id = line.quote_line_id
left join {{ ref("int_quote_header") }} as header on chain.quote_id = header.quote_id
