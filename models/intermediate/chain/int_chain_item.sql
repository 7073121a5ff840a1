{{ config(materialized="table") }}

-- Order items with what a leg asks of their order. An item that names no quote line is a line of its own.
with item as (
    select
        item_state.*,
        coalesce(item_state.quote_line_id, concat_ws('', 'item ', item_state.order_item_id)) as chain_line_id,
        placed.quote_id,
        placed.account_id,
        placed.currency,
        placed.order_state in ('CANCELLED', 'FAILED') as is_order_cancelled,
        placed.submitted_at,
        cast(placed.promised_completion_at as date) as promised_date,
        placed.source_event_id
    from {{ ref("int_order_item_state") }} as item_state
    inner join {{ ref("int_order_state") }} as placed on item_state.order_id = placed.order_id
)

select
    item.order_id,
    item.order_item_id,
    item.quote_id,
    item.quote_line_id,
    item.chain_line_id,
    row_number() over (partition by item.order_id, item.chain_line_id order by item.order_item_id) = 1 as is_first_of_line,
    case when item.quote_line_id is null then item.order_id end as lone_order_id,
    item.account_id,
    item.product_offering_id,
    item.item_action,
    item.charge_type,
    item.quantity,
    item.net_amount,
    item.currency,
    item.is_order_cancelled,
    item.submitted_at,
    item.promised_date,
    item.source_event_id
from item
