-- The rows of int_quote_order_leg, each with its turn: where several orders name one quote, the accepted amount counts for the first of
-- them that has the line and was not cancelled. What later ones have of it stands alone.
with turned as (
    select
        leg.*,
        item.order_item_id,
        item.quote_line_id as item_quote_line_id,
        item.source_event_id as order_event_id,
        coalesce(item.is_order_cancelled, false) as is_order_cancelled,
        row_number() over (
            partition by leg.quote_id, leg.quote_line_id, item.lone_order_id
            order by coalesce(item.is_order_cancelled, false), item.order_item_id is null, leg.submitted_at, leg.order_id
        ) as turn
    from {{ ref("int_quote_order_leg") }} as leg
    left join {{ ref("int_chain_item") }} as item
        on leg.order_id = item.order_id and leg.quote_line_id = item.chain_line_id and item.is_first_of_line
)

select
    turned.order_id,
    turned.order_item_id,
    turned.order_event_id,
    turned.item_quote_line_id,
    turned.is_order_cancelled,
    turned.quote_id,
    turned.quote_line_id,
    turned.accepted_revision,
    turned.is_quoted,
    turned.quote_currency,
    turned.currency,
    turned.quoted_net_amount,
    turned.ordered_net_amount,
    turned.leg_status,
    turned.turn,
    accepted.source_event_id as quote_event_id,
    turned.is_quoted and turned.turn = 1 as has_left,
    turned.order_item_id is not null as has_right,
    coalesce(turned.quote_currency <> turned.currency, false) as is_other_currency
from turned
left join {{ ref("int_chain_accepted_line") }} as accepted
    on turned.quote_id = accepted.quote_id and turned.quote_line_id = accepted.quote_line_id
where turned.turn = 1 or turned.order_item_id is not null
