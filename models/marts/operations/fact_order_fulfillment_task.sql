{{ config(materialized="incremental", incremental_strategy="touched", unique_key="task_id", touched="FulfillmentTask") }}

-- Values that a task borrows from its order, product, fallout cases and the as-of time: a row is rebuilt when one of them changed.
{% set borrowed = [
    "region", "product_family", "promised_completion_at", "fallout_count", "fallout_reason_code", "is_sla_breached",
    "has_gap", "has_stale_event", "has_open_conflict",
] %}
with assembled as (
    select
        task.*,
        orders.region,
        orders.promised_completion_at,
        offering.product_family,
        coalesce(fallout.fallout_count, 0) as fallout_count,
        fallout.fallout_reason_code,
        coalesce(task.ended_at, {{ as_of() }}) > task.sla_due_at as is_sla_breached,
        coalesce(own.has_gap or of_order.has_gap or fallout.has_gap, false) as has_gap,
        coalesce(own.has_stale_event or of_order.has_stale_event or fallout.has_stale_event, false) as has_stale_event,
        coalesce(own.has_open_conflict or of_order.has_open_conflict or fallout.has_open_conflict, false) as has_open_conflict
    from {{ ref("int_fulfillment_task_state") }} as task
    left join {{ ref("int_order_state") }} as orders on task.order_id = orders.order_id
    left join {{ ref("int_order_item_state") }} as item on task.order_id = item.order_id and task.order_item_id = item.order_item_id
    left join {{ ref("int_product_offering_current") }} as offering on item.product_offering_id = offering.product_offering_id
    left join {{ ref("int_fulfillment_task_fallout") }} as fallout on task.task_id = fallout.task_id
    left join {{ ref("int_aggregate_integrity") }} as own
        on task.task_id = own.aggregate_id and own.aggregate_type = 'FulfillmentTask'
    left join {{ ref("int_aggregate_integrity") }} as of_order
        on task.order_id = of_order.aggregate_id and of_order.aggregate_type = 'Order'
)

select
    assembled.task_id,
    assembled.order_id,
    assembled.order_item_id,
    assembled.task_type,
    assembled.downstream_system,
    assembled.product_family,
    assembled.region,
    assembled.owner_team,
    assembled.created_at,
    {{ date_key("assembled.created_at") }} as created_date_key,
    assembled.started_at,
    assembled.completed_at,
    {{ date_key("assembled.completed_at") }} as completed_date_key,
    assembled.ended_at,
    case
        when assembled.started_at >= assembled.created_at
            then {{ seconds_between("assembled.created_at", "assembled.started_at") }}
    end as queue_seconds,
    case
        when assembled.ended_at >= assembled.started_at
            then {{ seconds_between("assembled.started_at", "assembled.ended_at") }}
    end as duration_seconds,
    coalesce(assembled.started_at < assembled.created_at, false)
    or coalesce(assembled.ended_at < assembled.started_at, false) as has_time_defect,
    assembled.promised_completion_at,
    assembled.sla_due_at,
    assembled.is_sla_breached,
    assembled.outcome,
    assembled.retry_count,
    assembled.last_error_code,
    assembled.fallout_count,
    assembled.fallout_reason_code,
    assembled.source_event_id,
    assembled.arrival_seq,
    assembled.has_gap,
    assembled.has_stale_event,
    assembled.has_open_conflict
from assembled
{% if is_incremental() -%}
left join {{ this }} as held on assembled.task_id = held.task_id
{% endif -%}
where
    {{ is_touched("assembled.task_id", "FulfillmentTask") }} -- noqa: LT02
    {%- if is_incremental() %}
    {%- for column in borrowed %}
    or held.{{ column }} is distinct from assembled.{{ column }}
    {%- endfor %}
    {%- endif %}
