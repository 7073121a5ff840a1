-- Invoices and credit notes.
create temp table document_line as
with invoice as (
    select aggregate_id as id, event_id, event_time, aggregate_version, from_json(payload, payload_type('InvoiceIssued')) as header
    from events('billing', 'InvoiceIssued') anti join stale using (arrival_seq)
), credit_note as (
    select aggregate_id as id, event_id, event_time, aggregate_version, from_json(payload, payload_type('CreditNoteIssued')) as header
    from events('billing', 'CreditNoteIssued') anti join stale using (arrival_seq)
), last_invoice as (
    select id, arg_max((event_id, event_time, header), aggregate_version) as last from invoice group by all
), last_credit_note as (
    select id, arg_max((event_id, event_time, header), aggregate_version) as last from credit_note group by all
)
select 'Invoice' as aggregate_type, 'INVOICE' as document_type, id as document_id, last[3].invoiceNumber as document_number, id as invoice_id,
    last[3].accountId as account_id, last[3].billingAccountId as billing_account_id, last[3].currency as currency, 1 as sign,
    last[3].periodStart as period_start, last[3].periodEnd as period_end, last[1] as source_event_id, last[2] as issued_at, unnest(last[3].lines) as line
from last_invoice
union all
select 'CreditNote', 'CREDIT_NOTE', id, last[3].creditNoteNumber, last[3].invoiceId, last[3].accountId, null, last[3].currency, -1, null, null,
    last[1], last[2], unnest(last[3].lines)
from last_credit_note;

create table fact_invoice_line as
with signed as (
    select *, cast(sign * line.netAmount as decimal(18, 4)) as net_amount, cast(sign * line.taxAmount as decimal(18, 4)) as tax_amount from document_line
)
select document_type, document_id, document_number, invoice_id, line.invoiceLineId as invoice_line_id, account_id, billing_account_id,
    line.orderId as order_id, line.orderItemId as order_item_id, line.quoteLineId as quote_line_id, line.assetId as asset_id,
    line.productOfferingId as product_offering_id, line.chargeType as charge_type, line.quantity as quantity, signed.currency, net_amount, tax_amount,
    line.taxJurisdiction as tax_jurisdiction, getvariable('reporting_currency') as reporting_currency,
    case when signed.currency = reporting_currency then 'PAR:' || signed.currency else rate_id end as reporting_rate_id,
    case when signed.currency = reporting_currency then 1 else exchange_rate end::decimal(28, 12) as reporting_rate,
    case when signed.currency = reporting_currency then net_amount else converted(net_amount, from_rate, to_rate) end as reporting_net_amount,
    case when signed.currency = reporting_currency then tax_amount else converted(tax_amount, from_rate, to_rate) end as reporting_tax_amount,
    issued_at, day_key(issued_at) as invoice_date_key, substr(issued_at::date::varchar, 1, 7) as period, period_start, period_end,
    source_event_id, has_gap, has_stale_event, has_open_conflict
from signed
left join rate on rate.currency = signed.currency and rate.day = issued_at::date
left join flags on flags.aggregate_type = signed.aggregate_type and flags.aggregate_id = document_id;
