with parsed as (
    select
        {{ event_columns("lake_event") }},
        {{ parse_payload("lake_event.payload", "QuoteConfigurationValidated") }} as data
    from {{ lake_events("quote", "QuoteConfigurationValidated") }}
)

select
    {{ event_columns("parsed") }},
    parsed.aggregate_id as quote_id,
    parsed.data.quoteRevision as quote_revision,
    parsed.data.outcome as outcome,
    parsed.data.trigger as validation_trigger,
    parsed.data.errors as errors
from parsed
