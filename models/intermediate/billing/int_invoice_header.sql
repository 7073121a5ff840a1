{{ config(materialized="incremental", incremental_strategy="touched", unique_key="invoice_id", touched="Invoice") }}

-- The invoice as its last applied InvoiceIssued says, without its lines.
with ranked as (
    select
        issued.*,
        row_number() over (partition by issued.invoice_id order by issued.aggregate_version desc) as recency
    from {{ applied_events("stg_billing__invoice_issued", "Invoice") }} as issued
)

select
    ranked.invoice_id,
    ranked.invoice_number,
    ranked.account_id,
    ranked.billing_account_id,
    ranked.currency,
    ranked.period_start,
    ranked.period_end,
    ranked.event_time as issued_at,
    ranked.total_net_amount,
    ranked.total_tax_amount,
    ranked.event_id as source_event_id,
    ranked.arrival_seq
from ranked
where ranked.recency = 1
