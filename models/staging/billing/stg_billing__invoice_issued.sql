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
        {{ parse_payload("lake_event.payload", "InvoiceIssued") }} as data
    from {{ lake_events("billing", "InvoiceIssued", only_new=is_incremental()) }}
)

select
    {{ event_columns("parsed") }},
    parsed.aggregate_id as invoice_id,
    parsed.data.invoiceNumber as invoice_number,
    parsed.data.accountId as account_id,
    parsed.data.billingAccountId as billing_account_id,
    parsed.data.currency,
    cast(parsed.data.periodStart as date) as period_start,
    cast(parsed.data.periodEnd as date) as period_end,
    parsed.data.lines,
    parsed.data.totalNetAmount as total_net_amount,
    parsed.data.totalTaxAmount as total_tax_amount
from parsed
