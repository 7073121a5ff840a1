-- customer_timeline against the applied events in the lake, per source system: every event up to the source's cursor, and none besides.
with lake_row as (
    select
        lake_event.source_system,
        lake_event.arrival_seq,
        lake_event.event_id
    from {{ lake_envelopes() }}
    inner join {{ ref("timeline_entry_type") }} as kind on lake_event.event_type = kind.event_type
    left join {{ ref("recon_event_set_aside") }} as set_aside on lake_event.arrival_seq = set_aside.arrival_seq
    where set_aside.arrival_seq is null
),

lake_side as (
    select
        lake_row.source_system,
        count(*) as count,
        max(lake_row.arrival_seq) as cursor,
        {{ content_checksum({"arrival_seq": "bigint", "event_id": "varchar"}) }} as checksum
    from lake_row
    group by lake_row.source_system
),

mart_row as (
    select
        timeline.source_system,
        timeline.source_cursor as arrival_seq,
        timeline.source_event_id as event_id
    from {{ ref("customer_timeline") }} as timeline
),

mart_side as (
    select
        mart_row.source_system,
        count(*) as count,
        max(mart_row.arrival_seq) as cursor,
        {{ content_checksum({"arrival_seq": "bigint", "event_id": "varchar"}) }} as checksum
    from mart_row
    group by mart_row.source_system
)

{{ pair_sides("customer_timeline", "customer_timeline", ["source_system"], ["count", "cursor", "checksum"]) }}
