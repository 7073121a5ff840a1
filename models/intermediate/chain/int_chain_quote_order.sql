-- The quote-order leg in the shape of all legs: accepted net on the left, ordered net on the right. Where the two are in different
-- currencies, each stands in a row of its own.
with sided as (
    select
        turned.*,
        side.number = 1 as is_left,
        side.number = 2 or not turned.is_other_currency as is_right
    from {{ ref("int_chain_quote_order_turn") }} as turned
    inner join {{ numbers(1, 2) }} as side
        on
            (side.number = 1 and (turned.has_left or not turned.is_other_currency))
            or (side.number = 2 and turned.is_other_currency and turned.has_right)
),

classed as (
    select
        sided.*,
        case when sided.is_left and sided.has_left then sided.quoted_net_amount else 0 end as left_net_amount,
        case when sided.is_right then sided.ordered_net_amount else 0 end as right_net_amount,
        case
            when sided.turn > 1 and sided.is_quoted and sided.is_order_cancelled then 'superseded'
            when sided.turn > 1 and sided.is_quoted and sided.leg_status <> 'other_revision' then 'unexpected'
            {%- for status, class in [
                ("not_accepted", "unexpected"), ("other_revision", "wrong_revision"), ("not_ordered", "missing_order"),
                ("other_currency", "currency"), ("other_offering", "product"), ("other_charge", "charge"), ("other_quantity", "quantity"),
                ("other_price", "price"),
            ] %}
            when sided.leg_status = '{{ status }}' then '{{ class }}'
            {%- endfor %}
            else sided.leg_status
        end as leg_class
    from sided
)

select
    classed.quote_id,
    case when classed.is_quoted then classed.accepted_revision end as quote_revision,
    case when classed.is_quoted then classed.quote_line_id else classed.item_quote_line_id end as quote_line_id,
    classed.order_id,
    classed.order_item_id,
    case when classed.is_left then coalesce(classed.quote_currency, classed.currency) else classed.currency end as currency,
    classed.left_net_amount,
    classed.right_net_amount,
    case
        when classed.leg_class = 'superseded' then 0 else greatest(classed.right_net_amount - classed.left_net_amount, 0)
    end as over_net_amount,
    greatest(classed.left_net_amount - classed.right_net_amount, 0) as under_net_amount,
    classed.leg_class,
    case when classed.is_left and classed.has_left then {{ escaped("classed.quote_event_id") }} end as left_event_ids,
    case when classed.is_right then {{ escaped("classed.order_event_id") }} end as right_event_ids
from classed
