-- fact_invoice_line against the lines that the lake holds of each invoice and credit note as last issued, credit notes negative.
with lake_line as (
    select
        issued.is_in_force,
        {{ month_text("issued.event_time") }} as month,
        issued.currency,
        'INVOICE' as document_type,
        issued.invoice_id as document_id,
        issued.invoice_id,
        line.invoiceLineId as invoice_line_id,
        line.netAmount as net_amount,
        line.taxAmount as tax_amount
    from {{ in_force("stg_billing__invoice_issued", ["invoice_id"]) }} as issued
    {{ explode("issued.lines", "line") }}
    union all
    select
        issued.is_in_force,
        {{ month_text("issued.event_time") }} as month,
        issued.currency,
        'CREDIT_NOTE' as document_type,
        issued.credit_note_id as document_id,
        issued.invoice_id,
        line.invoiceLineId as invoice_line_id,
        cast(-line.netAmount as decimal(18, 4)) as net_amount,
        cast(-line.taxAmount as decimal(18, 4)) as tax_amount
    from {{ in_force("stg_billing__credit_note_issued", ["credit_note_id"]) }} as issued
    {{ explode("issued.lines", "line") }}
),

mart_line as (
    select
        true as is_in_force,
        {{ month_text_of_key("mart.invoice_date_key") }} as month,
        mart.currency,
        mart.document_type,
        mart.document_id,
        mart.invoice_id,
        mart.invoice_line_id,
        mart.net_amount,
        mart.tax_amount
    from {{ ref("fact_invoice_line") }} as mart
),

{{ line_pair_sides(
    "invoice_line", "billing",
    {
        "document_type": "varchar", "document_id": "varchar", "invoice_id": "varchar", "invoice_line_id": "varchar",
        "net_amount": "decimal(18,4)", "tax_amount": "decimal(18,4)",
    },
    sums=["net_amount", "tax_amount"],
) }}
