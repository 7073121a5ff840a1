{{ config(materialized="table") }}

-- What has been billed for each order item and billing period: every invoice line that names the item, credit notes of those invoices
-- beside it. What is in another currency than the order is counted, but in no amount.
with counted as (
    select
        document.*,
        document.document_type = 'Invoice' as is_invoice,
        not document.is_other_currency as is_comparable
    from {{ ref("int_order_item_document") }} as document
)

select
    counted.order_id,
    counted.order_item_id,
    counted.billing_period,
    count(*) filter (where counted.is_invoice) as invoice_count,
    min(counted.order_currency) as currency,
    max(counted.invoice_id) as last_invoice_id,
    max(counted.issued_at) as last_issued_at,
    sum(case when counted.is_comparable then counted.quantity else 0 end) as quantity,
    sum(case when counted.is_comparable then counted.net_amount else 0 end) as net_amount,
    sum(case when counted.is_comparable then counted.credited_net_amount else 0 end) as credited_net_amount,
    bool_or(counted.is_other_currency and counted.is_invoice) as has_other_currency,
    bool_or(counted.is_other_account) as has_other_account,
    bool_or(counted.is_other_offering) as has_other_offering,
    {{ distinct_texts("counted.source_event_id") }} as source_event_ids,
    bool_or(counted.has_gap) as has_gap,
    bool_or(counted.has_stale_event) as has_stale_event,
    bool_or(counted.has_open_conflict) as has_open_conflict
from counted
group by counted.order_id, counted.order_item_id, counted.billing_period
