{{
    config(
        materialized="incremental",
        incremental_strategy="touched",
        unique_key="document_id",
        touched=["Invoice", "CreditNote"],
    )
}}

-- Lines of invoices, and of credit notes with their amounts negative. Which documents to rebuild is told by the id alone: an invoice and a
-- credit note with one id are rebuilt together.
{% set header_columns = ["account_id", "currency", "issued_at", "source_event_id", "arrival_seq"] %}
{% set line_columns = [
    "order_id", "order_item_id", "quote_line_id", "asset_id", "product_offering_id", "charge_type", "quantity", "tax_jurisdiction",
] %}
with document as (
    select
        'INVOICE' as document_type,
        'Invoice' as aggregate_type,
        header.invoice_id as document_id,
        header.invoice_number as document_number,
        header.invoice_id,
        header.billing_account_id,
        header.period_start,
        header.period_end,
        {%- for column in header_columns %}
        header.{{ column }},
        {%- endfor %}
        {%- for column in line_columns %}
        line.{{ column }},
        {%- endfor %}
        line.invoice_line_id,
        line.net_amount,
        line.tax_amount
    from {{ ref("int_invoice_line") }} as line
    inner join {{ ref("int_invoice_header") }} as header on line.invoice_id = header.invoice_id
    union all
    select
        'CREDIT_NOTE' as document_type,
        'CreditNote' as aggregate_type,
        header.credit_note_id as document_id,
        header.credit_note_number as document_number,
        header.invoice_id,
        cast(null as string) as billing_account_id,
        cast(null as date) as period_start,
        cast(null as date) as period_end,
        {%- for column in header_columns %}
        header.{{ column }},
        {%- endfor %}
        {%- for column in line_columns %}
        line.{{ column }},
        {%- endfor %}
        line.credit_note_line_id as invoice_line_id,
        cast(-line.credited_net_amount as decimal(18, 4)) as net_amount,
        cast(-line.credited_tax_amount as decimal(18, 4)) as tax_amount
    from {{ ref("int_credit_note_line") }} as line
    inner join {{ ref("int_credit_note_header") }} as header on line.credit_note_id = header.credit_note_id
)

select
    document.document_type,
    document.document_id,
    document.document_number,
    document.invoice_id,
    document.invoice_line_id,
    document.account_id,
    document.billing_account_id,
    document.order_id,
    document.order_item_id,
    document.quote_line_id,
    document.asset_id,
    document.product_offering_id,
    document.charge_type,
    document.quantity,
    document.currency,
    document.net_amount,
    document.tax_amount,
    document.tax_jurisdiction,
    '{{ var("reporting_currency") }}' as reporting_currency,
    {{ reporting_rate_id("document.currency", "rate") }} as reporting_rate_id,
    {{ reporting_rate("document.currency", "rate") }} as reporting_rate,
    {{ reporting_amount("document.net_amount", "document.currency", "rate") }} as reporting_net_amount,
    {{ reporting_amount("document.tax_amount", "document.currency", "rate") }} as reporting_tax_amount,
    document.issued_at,
    {{ date_key("document.issued_at") }} as invoice_date_key,
    {{ month_text("document.issued_at") }} as period,
    document.period_start,
    document.period_end,
    document.source_event_id,
    document.arrival_seq,
    {{ integrity_flags() }}
from document
left join {{ ref("int_exchange_rate_filled") }} as rate
    on document.currency = rate.currency and cast(document.issued_at as date) = rate.rate_date
left join {{ ref("int_aggregate_integrity") }} as integrity
    on document.document_id = integrity.aggregate_id and document.aggregate_type = integrity.aggregate_type
where {{ is_touched("document.document_id", ["Invoice", "CreditNote"], or_in=[ids_with_changed_rate("document_id", "invoice_date_key")]) }}
