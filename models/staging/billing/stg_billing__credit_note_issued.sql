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
        {{ parse_payload("lake_event.payload", "CreditNoteIssued") }} as data
    from {{ lake_events("billing", "CreditNoteIssued", only_new=is_incremental()) }}
)

select
    {{ event_columns("parsed") }},
    parsed.aggregate_id as credit_note_id,
    parsed.data.creditNoteNumber as credit_note_number,
    parsed.data.invoiceId as invoice_id,
    parsed.data.accountId as account_id,
    parsed.data.currency,
    parsed.data.reasonCode as reason_code,
    parsed.data.lines,
    parsed.data.totalNetAmount as total_net_amount,
    parsed.data.totalTaxAmount as total_tax_amount
from parsed
