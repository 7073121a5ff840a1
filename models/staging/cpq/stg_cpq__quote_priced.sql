{{
    config(
        materialized="incremental",
        unique_key="arrival_seq",
        incremental_strategy="delete+insert",
        post_hook="{{ delete_superseded() }}"
    )
}}

-- Kept as a table: its payload is large and is parsed once, when its batch arrives.
with parsed as (
    select
        {{ event_columns("lake_event") }},
        {{ parse_payload("lake_event.payload", "QuotePriced") }} as data
    from {{ lake_events("quote", "QuotePriced", only_new=is_incremental()) }}
)

select
    {{ event_columns("parsed") }},
    parsed.aggregate_id as quote_id,
    parsed.data.quoteRevision as quote_revision,
    parsed.data.trigger as pricing_trigger,
    parsed.data.currency as currency,
    parsed.data.catalogVersion as catalog_version,
    parsed.data.priceBookVersion as price_book_version,
    parsed.data.pricingEngineVersion as pricing_engine_version,
    parsed.data.policyVersion as policy_version,
    parsed.data.lines as lines
from parsed
