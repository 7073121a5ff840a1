with parsed as (
    select
        {{ event_columns("lake_event") }},
        {{ parse_payload("lake_event.payload", "QuoteAccepted") }} as data
    from {{ lake_events("quote", "QuoteAccepted") }}
)

select
    {{ event_columns("parsed") }},
    parsed.aggregate_id as quote_id,
    parsed.data.quoteRevision as quote_revision,
    parsed.data.acceptedBy as accepted_by,
    parsed.data.evidenceSha256 as evidence_sha256,
    parsed.data.contractTerms as contract_terms
from parsed
