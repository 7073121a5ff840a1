{{ config(materialized="incremental", unique_key=["task_id", "order_id"], incremental_strategy="delete+insert") }}

-- The orders that each task was ever said to be of: an order that a task has left has to be looked at again, and nothing else says which.
select
    folded.task_id,
    folded.order_id
from {{ ref("int_fulfillment_task_state") }} as folded
where folded.order_id is not null and {{ is_touched("folded.task_id", "FulfillmentTask") }}
