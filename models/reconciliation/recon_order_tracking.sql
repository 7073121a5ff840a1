-- order_tracking against the state of each order: those that are open or ended lately, each with its last applied event in the lake.
with lake_row as (
    select
        lifecycle.is_open
        or lifecycle.order_status in ('UNKNOWN', 'ACCEPTED')
        or {{ seconds_between("lifecycle.status_since", as_of()) }} <= {{ var("tracking_days") * 86400 }} as is_counted,
        lifecycle.order_id,
        lifecycle.order_status as status,
        lifecycle.first_submitted_at as submitted_at,
        last_event.source_version
    from {{ ref("fact_order_lifecycle") }} as lifecycle
    left join {{ last_versions_in_lake("Order") }} as last_event on lifecycle.order_id = last_event.aggregate_id
),

{{ row_pair_sides(
    "order_tracking", "order_tracking", "submitted_at",
    {"order_id": "varchar", "status": "varchar", "submitted_at": "timestamp", "source_version": "bigint"},
) }}
