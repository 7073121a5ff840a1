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
        {{ parse_payload("lake_event.payload", "OrderSubmitted") }} as data
    from {{ lake_events("order", "OrderSubmitted", only_new=is_incremental()) }}
)

select
    {{ event_columns("parsed") }},
    parsed.aggregate_id as order_id,
    parsed.data.orderNumber as order_number,
    parsed.data.quoteId as quote_id,
    parsed.data.quoteRevision as quote_revision,
    parsed.data.accountId as account_id,
    parsed.data.billingAccountId as billing_account_id,
    parsed.data.currency,
    parsed.data.channel,
    parsed.data.region,
    parsed.data.catalogVersion as catalog_version,
    parsed.data.priceBookVersion as price_book_version,
    parsed.data.serviceAddress as service_address,
    {{ rfc3339_to_utc("parsed.data.promisedCompletionAt") }} as promised_completion_at,
    parsed.data.items
from parsed
