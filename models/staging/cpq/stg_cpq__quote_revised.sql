with parsed as (
    select
        {{ event_columns("lake_event") }},
        {{ parse_payload("lake_event.payload", "QuoteRevised") }} as data
    from {{ lake_events("quote", "QuoteRevised") }}
)

select
    {{ event_columns("parsed") }},
    parsed.aggregate_id as quote_id,
    parsed.data.quoteRevision as quote_revision,
    parsed.data.reason as reason,
    {{ rfc3339_to_utc("parsed.data.expiresAt") }} as expires_at
from parsed
