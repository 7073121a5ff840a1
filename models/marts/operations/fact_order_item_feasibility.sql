{{ config(materialized="incremental", incremental_strategy="touched", unique_key="order_id", touched="Order") }}

select
    checked.order_id,
    checked.order_item_id,
    checked.check_cycle,
    item.product_offering_id,
    checked.first_checked_at,
    {{ date_key("checked.first_checked_at") }} as first_checked_date_key,
    checked.concluded_at,
    checked.first_outcome,
    checked.outcome,
    checked.reason_code,
    checked.is_conclusive,
    checked.is_feasible,
    checked.is_first_pass,
    checked.check_count,
    checked.timeout_count,
    checked.source_event_id,
    checked.arrival_seq,
    {{ integrity_flags() }}
from {{ ref("int_order_item_feasibility") }} as checked
left join {{ ref("int_order_item_state") }} as item
    on checked.order_id = item.order_id and checked.order_item_id = item.order_item_id
left join {{ ref("int_aggregate_integrity") }} as integrity
    on checked.order_id = integrity.aggregate_id and integrity.aggregate_type = 'Order'
where {{ is_touched("checked.order_id", "Order") }}
