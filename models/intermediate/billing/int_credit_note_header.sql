{{ config(materialized="incremental", incremental_strategy="touched", unique_key="credit_note_id", touched="CreditNote") }}

-- The credit note as its last applied CreditNoteIssued says, without its lines.
with ranked as (
    select
        issued.*,
        row_number() over (partition by issued.credit_note_id order by issued.aggregate_version desc) as recency
    from {{ applied_events("stg_billing__credit_note_issued", "CreditNote") }} as issued
)

select
    ranked.credit_note_id,
    ranked.credit_note_number,
    ranked.invoice_id,
    ranked.account_id,
    ranked.currency,
    ranked.reason_code,
    ranked.event_time as issued_at,
    ranked.total_net_amount,
    ranked.total_tax_amount,
    ranked.event_id as source_event_id,
    ranked.arrival_seq
from ranked
where ranked.recency = 1
