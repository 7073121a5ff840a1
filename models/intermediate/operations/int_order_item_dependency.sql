{{ config(materialized="incremental", incremental_strategy="touched", unique_key="order_id", touched="Order") }}

-- Which item of an order waits for which other one, as the last applied OrderSubmitted says.
with ranked as (
    select
        submission.order_id,
        submission.items,
        row_number() over (partition by submission.order_id order by submission.aggregate_version desc) as recency
    from {{ applied_events("stg_oms__order_submitted", "Order") }} as submission
),

item as (
    select
        ranked.order_id,
        item.orderItemId as order_item_id,
        item.dependsOn as depends_on
    from ranked
    {{ explode("ranked.items", "item") }}
    where ranked.recency = 1
)

select distinct
    item.order_id,
    item.order_item_id,
    needed_order_item_id
from item
{{ explode("item.depends_on", "needed_order_item_id") }}
