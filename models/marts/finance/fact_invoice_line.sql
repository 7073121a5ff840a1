{{ config(materialized="incremental", incremental_strategy="touched", unique_key="invoice_id", touched="Invoice") }}

with lines as (
    select line.*
    from {{ ref("int_invoice_line") }} as line
    where {{ is_touched("line.invoice_id", "Invoice", or_in=[ids_with_changed_rate("invoice_id", "invoice_date_key")]) }}
)

select
    lines.invoice_id,
    lines.invoice_line_id,
    header.invoice_number,
    header.account_id,
    header.billing_account_id,
    lines.order_id,
    lines.order_item_id,
    lines.quote_line_id,
    lines.asset_id,
    lines.product_offering_id,
    lines.charge_type,
    lines.quantity,
    header.currency,
    lines.net_amount,
    lines.tax_amount,
    lines.tax_jurisdiction,
    '{{ var("reporting_currency") }}' as reporting_currency,
    {{ reporting_rate_id("header.currency", "rate") }} as reporting_rate_id,
    {{ reporting_rate("header.currency", "rate") }} as reporting_rate,
    {{ reporting_amount("lines.net_amount", "header.currency", "rate") }} as reporting_net_amount,
    {{ reporting_amount("lines.tax_amount", "header.currency", "rate") }} as reporting_tax_amount,
    header.issued_at,
    {{ date_key("header.issued_at") }} as invoice_date_key,
    {{ month_text("header.issued_at") }} as period,
    header.period_start,
    header.period_end,
    header.source_event_id,
    header.arrival_seq,
    coalesce(integrity.has_gap, false) as has_gap,
    coalesce(integrity.has_stale_event, false) as has_stale_event,
    coalesce(integrity.has_open_conflict, false) as has_open_conflict
from lines
inner join {{ ref("int_invoice_header") }} as header on lines.invoice_id = header.invoice_id
left join {{ ref("int_exchange_rate_filled") }} as rate
    on header.currency = rate.currency and cast(header.issued_at as date) = rate.rate_date
left join {{ ref("int_aggregate_integrity") }} as integrity
    on lines.invoice_id = integrity.aggregate_id and integrity.aggregate_type = 'Invoice'
