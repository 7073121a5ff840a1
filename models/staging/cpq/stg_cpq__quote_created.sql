with parsed as (
    select
        {{ event_columns("lake_event") }},
        {{ parse_payload("lake_event.payload", "QuoteCreated") }} as data
    from {{ lake_events("quote", "QuoteCreated") }}
)

select
    {{ event_columns("parsed") }},
    parsed.aggregate_id as quote_id,
    parsed.data.quoteNumber as quote_number,
    parsed.data.quoteRevision as quote_revision,
    parsed.data.accountId as account_id,
    parsed.data.opportunityId as opportunity_id,
    parsed.data.currency as currency,
    parsed.data.channel as channel,
    parsed.data.region as region,
    parsed.data.salesRepId as sales_rep_id,
    parsed.data.salesTeam as sales_team,
    parsed.data.partnerId as partner_id,
    {{ rfc3339_to_utc("parsed.data.expiresAt") }} as expires_at,
    parsed.data.tags as tags,
    parsed.data.externalReference as external_reference,
    parsed.data.kind as quote_kind
from parsed
