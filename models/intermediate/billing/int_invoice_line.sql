{{ config(materialized="incremental", incremental_strategy="touched", unique_key="invoice_id", touched="Invoice") }}

-- The lines of the invoice that int_invoice_header shows.
with header as (
    select shown.*
    from {{ ref("int_invoice_header") }} as shown
    where {{ is_touched("shown.invoice_id", "Invoice") }}
)

select
    header.invoice_id,
    line.invoiceLineId as invoice_line_id,
    line.orderId as order_id,
    line.orderItemId as order_item_id,
    line.quoteLineId as quote_line_id,
    line.assetId as asset_id,
    line.productOfferingId as product_offering_id,
    line.chargeType as charge_type,
    line.quantity as quantity,
    line.netAmount as net_amount,
    line.taxAmount as tax_amount,
    line.taxJurisdiction as tax_jurisdiction
from header
inner join {{ ref("stg_billing__invoice_issued") }} as issued on header.arrival_seq = issued.arrival_seq
{{ explode("issued.lines", "line") }}
