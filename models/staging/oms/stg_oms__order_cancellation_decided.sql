with parsed as (
    select
        {{ event_columns("lake_event") }},
        {{ parse_payload("lake_event.payload", "OrderCancellationDecided") }} as data
    from {{ lake_events("order", "OrderCancellationDecided") }}
)

select
    {{ event_columns("parsed") }},
    parsed.aggregate_id as order_id,
    parsed.data.requestId as request_id,
    parsed.data.outcome,
    parsed.data.conflictReason as conflict_reason
from parsed
