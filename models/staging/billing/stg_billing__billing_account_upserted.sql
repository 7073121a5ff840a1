with parsed as (
    select
        {{ event_columns("lake_event") }},
        {{ parse_payload("lake_event.payload", "BillingAccountUpserted") }} as data
    from {{ lake_events("reference", "BillingAccountUpserted") }}
)

select
    {{ event_columns("parsed") }},
    parsed.aggregate_id as billing_account_id,
    parsed.data.accountId as account_id,
    parsed.data.currency as currency,
    parsed.data.status as billing_account_status,
    parsed.data.taxJurisdiction as tax_jurisdiction
from parsed
