{{ config(materialized="incremental", incremental_strategy="touched", unique_key="credit_note_id", touched="CreditNote") }}

-- The lines of the credit note that int_credit_note_header shows, as positive amounts that reduce what is billed.
with header as (
    select shown.*
    from {{ ref("int_credit_note_header") }} as shown
    where {{ is_touched("shown.credit_note_id", "CreditNote") }}
)

select
    header.credit_note_id,
    line.invoiceLineId as credit_note_line_id,
    line.orderId as order_id,
    line.orderItemId as order_item_id,
    line.quoteLineId as quote_line_id,
    line.assetId as asset_id,
    line.productOfferingId as product_offering_id,
    line.chargeType as charge_type,
    line.quantity as quantity,
    line.netAmount as credited_net_amount,
    line.taxAmount as credited_tax_amount,
    line.taxJurisdiction as tax_jurisdiction
from header
inner join {{ ref("stg_billing__credit_note_issued") }} as issued on header.arrival_seq = issued.arrival_seq
{{ explode("issued.lines", "line") }}
