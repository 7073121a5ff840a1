{{ config(materialized="incremental", incremental_strategy="touched", unique_key="aggregate_id", touched="*") }}

-- Everything that happened to a customer, an entry per applied event with the event that says so; its arrival number is the cursor.
with linked as (
    select held.*
    from {{ ref("int_aggregate_account") }} as held
)

select
    source_event.arrival_seq as timeline_entry_id,
    linked.account_id,
    linked.account_id is null as is_pending_enrichment,
    source_event.event_time as occurred_at,
    kind.entry_type,
    kind.title,
    concat_ws(
        ' ', source_event.aggregate_type, source_event.aggregate_id,
        case when detail.detail is not null then concat_ws('', '(', detail.detail, ')') end
    ) as summary,
    kind.visibility,
    source_event.aggregate_type,
    source_event.aggregate_id,
    source_event.event_type,
    linked.quote_id,
    linked.order_id,
    linked.asset_id,
    source_event.correlation_id,
    source_event.arrival_seq as source_cursor,
    {{ projection_columns() }}
from {{ ref("int_event_projected") }} as source_event
inner join {{ ref("timeline_entry_type") }} as kind on source_event.event_type = kind.event_type
left join linked
    on source_event.aggregate_type = linked.aggregate_type and source_event.aggregate_id = linked.aggregate_id
left join {{ ref("int_timeline_detail") }} as detail on source_event.arrival_seq = detail.arrival_seq
where
    source_event.is_applied
    and {{ is_touched("source_event.aggregate_id", "*", [
        "select child.aggregate_id from linked as child where child.order_id in (" ~ touched_ids("Order") ~ ")",
        "select child.aggregate_id from linked as child where child.quote_id in (" ~ touched_ids("Quote") ~ ")",
    ]) }}
