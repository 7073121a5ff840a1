with parsed as (
    select
        {{ event_columns("lake_event") }},
        {{ parse_payload("lake_event.payload", "OrderSubmissionAttempted") }} as data
    from {{ lake_events("order", "OrderSubmissionAttempted") }}
)

select
    {{ event_columns("parsed") }},
    parsed.aggregate_id as order_id,
    parsed.data.quoteId as quote_id,
    parsed.data.quoteRevision as quote_revision,
    parsed.data.idempotencyKey as idempotency_key,
    parsed.data.outcome,
    parsed.data.orderId as submitted_order_id,
    parsed.data.validationCode as validation_code
from parsed
