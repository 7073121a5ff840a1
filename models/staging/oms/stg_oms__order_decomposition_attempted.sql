with parsed as (
    select
        {{ event_columns("lake_event") }},
        {{ parse_payload("lake_event.payload", "OrderDecompositionAttempted") }} as data
    from {{ lake_events("order", "OrderDecompositionAttempted") }}
)

select
    {{ event_columns("parsed") }},
    parsed.aggregate_id as order_id,
    parsed.data.outcome,
    parsed.data.failureCode as failure_code
from parsed
