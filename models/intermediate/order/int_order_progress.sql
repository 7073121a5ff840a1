-- Per order how far its items have come, and when the last of them was completed.
-- Item states are texts of the source: COMPLETED, CANCELLED and FAILED end an item, others do not.
with item as (
    select
        item_state.order_id,
        coalesce(item_state.item_state, '') as item_state,
        item_state.item_state_since
    from {{ ref("int_order_item_state") }} as item_state
)

select
    item.order_id,
    count(*) as item_count,
    count(case when item.item_state = 'COMPLETED' then 1 end) as completed_item_count,
    count(case when item.item_state = 'CANCELLED' then 1 end) as cancelled_item_count,
    count(case when item.item_state = 'FAILED' then 1 end) as failed_item_count,
    max(case when item.item_state = 'COMPLETED' then item.item_state_since end) as last_item_completed_at
from item
group by item.order_id
