-- The items of order_tracking as rows, for tools that read no lists.
select
    item.order_id,
    item.order_item_id,
    tracked.order_number,
    item.product_offering_id,
    item.product_name,
    item.is_pending_enrichment,
    item.item_action,
    item.charge_type,
    item.quantity,
    item.net_amount,
    tracked.currency,
    item.item_state as status,
    coalesce(item.item_state_since, tracked.first_submitted_at) as status_since,
    {{ age_seconds("coalesce(item.item_state_since, tracked.first_submitted_at)") }} as status_age_seconds,
    item.milestone,
    item.blocking_task_id,
    coalesce(item.blocking_owner_team, 'order-management') as owner,
    item.waiting_for_order_item_ids,
    item.is_in_dependency_cycle,
    {{ projection_columns("content") }}
from {{ ref("int_order_item") }} as item
inner join {{ ref("int_order_tracked") }} as tracked on item.order_id = tracked.order_id
inner join {{ ref("int_order_content") }} as content on item.order_id = content.order_id
