-- search_order_document against every order: once, in its state, and with its last applied event in the lake.
with lake_row as (
    select
        true as is_counted,
        lifecycle.order_id,
        lifecycle.order_status as status,
        lifecycle.is_open,
        lifecycle.first_submitted_at as submitted_at,
        last_event.source_version
    from {{ ref("fact_order_lifecycle") }} as lifecycle
    left join {{ last_versions_in_lake("Order") }} as last_event on lifecycle.order_id = last_event.aggregate_id
),

{{ row_pair_sides(
    "search_order", "search_order_document", "submitted_at",
    {"order_id": "varchar", "status": "varchar", "is_open": "boolean", "submitted_at": "timestamp", "source_version": "bigint"},
    expressions={"submitted_at": "mart.dates.submitted_at"},
) }}
