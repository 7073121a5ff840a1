-- search_order_document against every order: once, in its state, and with its last applied event in the lake.
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
        true as is_counted,
        lifecycle.order_id,
        lifecycle.order_status as status,
        lifecycle.is_open,
        lifecycle.first_submitted_at as submitted_at,
        last_event.source_version
    from {{ ref("fact_order_lifecycle") }} as lifecycle
    left join last_event on lifecycle.order_id = last_event.order_id
),

{{ row_pair_sides(
    "search_order", "search_order_document", "submitted_at",
    {"order_id": "varchar", "status": "varchar", "is_open": "boolean", "submitted_at": "timestamp", "source_version": "bigint"},
    expressions={"submitted_at": "mart.dates.submitted_at"},
) }}
