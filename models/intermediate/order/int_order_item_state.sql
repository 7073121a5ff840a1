{{ config(materialized="incremental", incremental_strategy="touched", unique_key="order_id", touched="Order") }}

-- The items of the last applied OrderSubmitted, each in the state that the last applied OrderItemStateChanged gave it.
with last_submitted as (
    select max_by(submission.arrival_seq, submission.aggregate_version) as arrival_seq
    from {{ applied_events("stg_oms__order_submitted", "Order") }} as submission
    group by submission.order_id
),

last_changed as (
    select
        changed.order_id,
        changed.order_item_id,
        max_by(changed.item_state, changed.aggregate_version) as item_state,
        max_by(changed.event_time, changed.aggregate_version) as item_state_since,
        max_by(changed.milestone, case when changed.milestone is not null then changed.aggregate_version end) as milestone
    from {{ applied_events("stg_oms__order_item_state_changed", "Order") }} as changed
    group by changed.order_id, changed.order_item_id
),

items as (
    select
        submission.order_id,
        item.orderItemId as order_item_id,
        item.quoteLineId as quote_line_id,
        item.productOfferingId as product_offering_id,
        item.action as item_action,
        item.chargeType as charge_type,
        item.quantity as quantity,
        item.netAmount as net_amount
    from {{ ref("stg_oms__order_submitted") }} as submission
    inner join last_submitted on submission.arrival_seq = last_submitted.arrival_seq
    {{ explode("submission.items", "item") }}
)

select
    items.order_id,
    items.order_item_id,
    items.quote_line_id,
    items.product_offering_id,
    items.item_action,
    items.charge_type,
    items.quantity,
    items.net_amount,
    last_changed.item_state,
    last_changed.item_state_since,
    last_changed.milestone
from items
left join last_changed on items.order_id = last_changed.order_id and items.order_item_id = last_changed.order_item_id
