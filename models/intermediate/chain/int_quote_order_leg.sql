-- The quote-order leg: the lines of the accepted revision as last priced against the items of each order that names the quote; rows that
-- only one side has are kept. A line that another order of the quote has is not missing from this one. Over and under are never netted.
{% set same = "coalesce(leg.quote_currency = placed.currency, true)" %}
with placed as (
    select
        order_state.order_id,
        order_state.quote_id,
        order_state.currency,
        order_state.submitted_at,
        accepted.accepted_revision,
        coalesce(order_state.quote_revision <> accepted.accepted_revision, false) as is_other_revision
    from {{ ref("int_order_state") }} as order_state
    left join {{ ref("int_quote_accepted") }} as accepted on order_state.quote_id = accepted.quote_id
    where order_state.quote_id is not null and order_state.submitted_at is not null
),

item as (
    select
        placed.order_id,
        placed.quote_id,
        coalesce(item_state.quote_line_id, concat_ws('', 'item ', item_state.order_item_id)) as quote_line_id,
        min(item_state.product_offering_id) as product_offering_id,
        max(item_state.product_offering_id) as last_product_offering_id,
        min(item_state.charge_type) as charge_type,
        max(item_state.charge_type) as last_charge_type,
        sum(item_state.quantity) as quantity,
        sum(item_state.net_amount) as net_amount
    from {{ ref("int_order_item_state") }} as item_state
    inner join placed on item_state.order_id = placed.order_id
    group by placed.order_id, placed.quote_id, coalesce(item_state.quote_line_id, concat_ws('', 'item ', item_state.order_item_id))
),

ordered_line as (
    select distinct
        item.quote_id,
        item.quote_line_id
    from item
),

line as (
    select
        placed.order_id,
        quoted.quote_line_id,
        quoted.product_offering_id,
        quoted.charge_type,
        quoted.quantity,
        quoted.net_price_amount,
        quoted.currency,
        ordered_line.quote_line_id is not null as is_ordered
    from placed
    inner join {{ ref("int_quote_line") }} as quoted
        on placed.quote_id = quoted.quote_id and placed.accepted_revision = quoted.quote_revision
    left join ordered_line on quoted.quote_id = ordered_line.quote_id and quoted.quote_line_id = ordered_line.quote_line_id
),

leg as (
    select
        coalesce(line.order_id, item.order_id) as order_id,
        coalesce(line.quote_line_id, item.quote_line_id) as quote_line_id,
        line.quote_line_id is not null as is_quoted,
        item.quote_line_id is not null as is_ordered,
        line.currency as quote_currency,
        coalesce(line.product_offering_id = item.product_offering_id and line.product_offering_id = item.last_product_offering_id, false)
            as is_same_offering,
        coalesce(line.charge_type = item.charge_type and line.charge_type = item.last_charge_type, false) as is_same_charge,
        coalesce(line.quantity = item.quantity, false) as is_same_quantity,
        coalesce(line.net_price_amount, 0) as quoted_net_amount,
        coalesce(item.net_amount, 0) as ordered_net_amount
    from line
    full outer join item on line.order_id = item.order_id and line.quote_line_id = item.quote_line_id
    where item.order_id is not null or not line.is_ordered
)

select
    leg.order_id,
    leg.quote_line_id,
    placed.quote_id,
    placed.submitted_at,
    placed.currency,
    placed.accepted_revision,
    leg.is_quoted,
    leg.quote_currency,
    {{ money("leg.quoted_net_amount") }} as quoted_net_amount,
    {{ money("leg.ordered_net_amount") }} as ordered_net_amount,
    {{ money("case when " ~ same ~ " then greatest(leg.ordered_net_amount - leg.quoted_net_amount, 0) else 0 end") }} as over_net_amount,
    {{ money("case when " ~ same ~ " then greatest(leg.quoted_net_amount - leg.ordered_net_amount, 0) else 0 end") }} as under_net_amount,
    case
        when placed.accepted_revision is null then 'not_accepted'
        when placed.is_other_revision then 'other_revision'
        when not leg.is_ordered then 'not_ordered'
        when not leg.is_quoted then 'unexpected'
        when leg.quote_currency <> placed.currency then 'other_currency'
        when not leg.is_same_offering then 'other_offering'
        when not leg.is_same_charge then 'other_charge'
        when not leg.is_same_quantity then 'other_quantity'
        when leg.quoted_net_amount <> leg.ordered_net_amount then 'other_price'
        else 'matched'
    end as leg_status
from leg
inner join placed on leg.order_id = placed.order_id
