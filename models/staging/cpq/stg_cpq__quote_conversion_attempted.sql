with parsed as (
    select
        {{ event_columns("lake_event") }},
        {{ parse_payload("lake_event.payload", "QuoteConversionAttempted") }} as data
    from {{ lake_events("quote", "QuoteConversionAttempted") }}
)

select
    {{ event_columns("parsed") }},
    parsed.aggregate_id as quote_id,
    parsed.data.quoteRevision as quote_revision,
    parsed.data.idempotencyKey as idempotency_key,
    parsed.data.outcome as outcome,
    parsed.data.orderId as order_id,
    parsed.data.failureCode as failure_code
from parsed
