-- order_tracking against the state of each order: those that are open or ended lately, each with its last applied event in the lake.
with last_event as (
    select
        lake_event.aggregate_id as order_id,
        max(lake_event.aggregate_version) as source_version
    from {{ lake_envelopes() }}
    left join {{ ref("recon_event_set_aside") }} as set_aside on lake_event.arrival_seq = set_aside.arrival_seq
    where lake_event.aggregate_type = 'Order' and set_aside.arrival_seq is null
    group by lake_event.aggregate_id
),

lake_row as (
    select
        lifecycle.is_open
        or lifecycle.order_status in ('UNKNOWN', 'ACCEPTED')
        or {{ seconds_between("lifecycle.status_since", as_of()) }} <= {{ var("tracking_days") * 86400 }} as is_counted,
        lifecycle.order_id,
        lifecycle.order_status as status,
        lifecycle.first_submitted_at as submitted_at,
        last_event.source_version
    from {{ ref("fact_order_lifecycle") }} as lifecycle
    left join last_event on lifecycle.order_id = last_event.order_id
),

{{ row_pair_sides(
    "order_tracking", "order_tracking", "submitted_at",
    {"order_id": "varchar", "status": "varchar", "submitted_at": "timestamp", "source_version": "bigint"},
) }}
