{{ config(materialized="table") }}

-- The invoices, and the credit notes of those invoices, that name an order item, each with the billing period that it is for. The period
-- is counted in months from the day on which billing began; what has no periods is all in period 0, a credit note in that of its invoice.
with invoiced as (
    select
        line.invoice_id,
        line.order_id,
        line.order_item_id,
        min(line.product_offering_id) as product_offering_id,
        sum(line.quantity) as quantity,
        sum(line.net_amount) as net_amount
    from {{ ref("int_invoice_line") }} as line
    where line.order_id is not null and line.order_item_id is not null
    group by line.invoice_id, line.order_id, line.order_item_id
),

credited as (
    select
        line.credit_note_id,
        header.invoice_id,
        line.order_id,
        line.order_item_id,
        sum(line.credited_net_amount) as credited_net_amount
    from {{ ref("int_credit_note_line") }} as line
    inner join {{ ref("int_credit_note_header") }} as header on line.credit_note_id = header.credit_note_id
    group by line.credit_note_id, header.invoice_id, line.order_id, line.order_item_id
),

document as (
    select
        invoiced.*,
        'Invoice' as document_type,
        invoiced.invoice_id as document_id,
        cast(0 as decimal(38, 4)) as credited_net_amount,
        header.currency,
        header.account_id,
        header.period_start,
        header.issued_at,
        header.source_event_id
    from invoiced
    inner join {{ ref("int_invoice_header") }} as header on invoiced.invoice_id = header.invoice_id
    union all
    select
        credited.invoice_id,
        credited.order_id,
        credited.order_item_id,
        cast(null as string) as product_offering_id,
        cast(0 as decimal(38, 4)) as quantity,
        cast(0 as decimal(38, 4)) as net_amount,
        'CreditNote' as document_type,
        credited.credit_note_id as document_id,
        credited.credited_net_amount,
        header.currency,
        cast(null as string) as account_id,
        invoice.period_start,
        cast(null as timestamp) as issued_at,
        header.source_event_id
    from credited
    inner join invoiced
        on
            credited.invoice_id = invoiced.invoice_id
            and credited.order_id = invoiced.order_id
            and credited.order_item_id = invoiced.order_item_id
    inner join {{ ref("int_invoice_header") }} as invoice on credited.invoice_id = invoice.invoice_id
    inner join {{ ref("int_credit_note_header") }} as header on credited.credit_note_id = header.credit_note_id
),

placed as (
    select
        document.*,
        coalesce(terms.currency, min(document.currency) over (partition by document.order_id, document.order_item_id)) as order_currency,
        case
            when terms.period_months is null then 0
            else cast(floor(
                ({{ month_number("document.period_start") }} - {{ month_number("terms.start_date") }}) / terms.period_months
            ) as integer)
        end as billing_period,
        coalesce(document.account_id <> terms.account_id, false) as is_other_account,
        coalesce(document.product_offering_id <> terms.product_offering_id, false) as is_other_offering
    from document
    left join {{ ref("int_order_item_billing_terms") }} as terms
        on document.order_id = terms.order_id and document.order_item_id = terms.order_item_id
)

select
    placed.*,
    coalesce(placed.currency <> placed.order_currency, false) as is_other_currency,
    {{ integrity_flags() }}
from placed
left join {{ ref("int_aggregate_integrity") }} as integrity
    on placed.document_id = integrity.aggregate_id and placed.document_type = integrity.aggregate_type
