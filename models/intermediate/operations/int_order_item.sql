{{ config(materialized="incremental", incremental_strategy="touched", unique_key="order_id", touched="Order") }}

-- The items of every order as people speak of them: the state of each, the task that blocks it, the items that it waits for, and whether
-- they wait for one another. What depends on the as-of time is left to the read models.
with item as (
    select
        held.*,
        lifecycle.is_open as is_order_open
    from {{ ref("int_order_item_state") }} as held
    inner join {{ ref("fact_order_lifecycle") }} as lifecycle on held.order_id = lifecycle.order_id
    where {{ is_touched("held.order_id", "Order", or_in=[order_ids_of_what_they_show()]) }}
),

reach_0 as (
    select
        dependency.order_id,
        dependency.order_item_id,
        dependency.needed_order_item_id
    from {{ ref("int_order_item_dependency") }} as dependency
    inner join item on dependency.order_id = item.order_id and dependency.order_item_id = item.order_item_id
    where item.is_order_open
),

-- Each round doubles the length of the paths that are known: 64 items in a row after six.
{% for round in [1, 2, 3, 4, 5, 6] -%}
reach_{{ round }} as (
    select
        known.order_id,
        known.order_item_id,
        known.needed_order_item_id
    from reach_{{ round - 1 }} as known
    union
    select
        known.order_id,
        known.order_item_id,
        further.needed_order_item_id
    from reach_{{ round - 1 }} as known
    inner join reach_{{ round - 1 }} as further
        on known.order_id = further.order_id and known.needed_order_item_id = further.order_item_id
),

{% endfor -%}
in_cycle as (
    select distinct
        path.order_id,
        path.order_item_id
    from reach_6 as path
    where path.order_item_id = path.needed_order_item_id
),

waiting as (
    select
        dependency.order_id,
        dependency.order_item_id,
        {{ distinct_texts("dependency.needed_order_item_id") }} as waiting_for_order_item_ids
    from reach_0 as dependency
    left join item as needed
        on dependency.order_id = needed.order_id and dependency.needed_order_item_id = needed.order_item_id
    where coalesce(needed.item_state, 'NOT_STARTED') not in ('COMPLETED', 'CANCELLED')
    group by dependency.order_id, dependency.order_item_id
)

select
    item.order_id,
    item.order_item_id,
    item.product_offering_id,
    offering.product_offering_name as product_name,
    offering.product_offering_id is null as is_pending_enrichment,
    item.item_action,
    item.charge_type,
    item.quantity,
    item.net_amount,
    case
        when item.item_state is not null then item.item_state
        when waiting.order_item_id is not null then 'WAITING_DEPENDENCY'
        else 'NOT_STARTED'
    end as item_state,
    item.item_state_since,
    item.milestone,
    blocking.task_id as blocking_task_id,
    blocking.owner_team as blocking_owner_team,
    waiting.waiting_for_order_item_ids,
    in_cycle.order_item_id is not null as is_in_dependency_cycle
from item
left join waiting on item.order_id = waiting.order_id and item.order_item_id = waiting.order_item_id
left join in_cycle on item.order_id = in_cycle.order_id and item.order_item_id = in_cycle.order_item_id
left join {{ ref("int_order_task") }} as blocking
    on item.order_id = blocking.order_id and item.order_item_id = blocking.order_item_id and blocking.is_blocking_item
left join {{ ref("int_product_offering_current") }} as offering on item.product_offering_id = offering.product_offering_id
