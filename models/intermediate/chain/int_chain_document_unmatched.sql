-- Invoices and credit notes, or what of them, that no row of int_chain_order_billing holds: of another currency than the order, by item and
-- period; lines that name no order item, and credits of what their invoice has not billed, by document.
with unlinked as (
    select
        header.invoice_id as document_id,
        'Invoice' as document_type,
        header.currency,
        header.issued_at,
        header.source_event_id,
        line.net_amount,
        cast(0 as decimal(18, 4)) as credited_net_amount
    from {{ ref("int_invoice_line") }} as line
    inner join {{ ref("int_invoice_header") }} as header on line.invoice_id = header.invoice_id
    where line.order_id is null or line.order_item_id is null
    union all
    select
        header.credit_note_id as document_id,
        'CreditNote' as document_type,
        header.currency,
        header.issued_at,
        header.source_event_id,
        cast(0 as decimal(18, 4)) as net_amount,
        line.credited_net_amount
    from {{ ref("int_credit_note_line") }} as line
    inner join {{ ref("int_credit_note_header") }} as header on line.credit_note_id = header.credit_note_id
    left join {{ ref("int_order_item_document") }} as held
        on
            line.credit_note_id = held.document_id
            and held.document_type = 'CreditNote'
            and line.order_id = held.order_id
            and line.order_item_id = held.order_item_id
    where held.document_id is null
)

select
    item.quote_id,
    item.quote_line_id,
    document.order_id,
    document.order_item_id,
    cast(null as string) as document_id,
    document.billing_period,
    {{ month_text("min(document.period_start)") }} as billing_period_end_month,
    document.currency,
    sum(document.net_amount) as right_net_amount,
    sum(document.credited_net_amount) as credited_net_amount,
    greatest(sum(document.net_amount) - sum(document.credited_net_amount), 0) as over_net_amount,
    'currency' as leg_class,
    {{ distinct_texts("document.source_event_id") }} as right_event_ids,
    bool_or(document.has_gap) as has_gap,
    bool_or(document.has_stale_event) as has_stale_event,
    bool_or(document.has_open_conflict) as has_open_conflict
from {{ ref("int_order_item_document") }} as document
left join {{ ref("int_chain_item") }} as item on document.order_id = item.order_id and document.order_item_id = item.order_item_id
where document.is_other_currency
group by item.quote_id, item.quote_line_id, document.order_id, document.order_item_id, document.billing_period, document.currency
union all
select
    cast(null as string) as quote_id,
    cast(null as string) as quote_line_id,
    cast(null as string) as order_id,
    cast(null as string) as order_item_id,
    unlinked.document_id,
    0 as billing_period,
    {{ month_text("min(unlinked.issued_at)") }} as billing_period_end_month,
    unlinked.currency,
    sum(unlinked.net_amount) as right_net_amount,
    sum(unlinked.credited_net_amount) as credited_net_amount,
    greatest(sum(unlinked.net_amount), 0) as over_net_amount,
    'unlinked' as leg_class,
    {{ distinct_texts("unlinked.source_event_id") }} as right_event_ids,
    coalesce(bool_or(integrity.has_gap), false) as has_gap,
    coalesce(bool_or(integrity.has_stale_event), false) as has_stale_event,
    coalesce(bool_or(integrity.has_open_conflict), false) as has_open_conflict
from unlinked
left join {{ ref("int_aggregate_integrity") }} as integrity
    on unlinked.document_id = integrity.aggregate_id and unlinked.document_type = integrity.aggregate_type
group by unlinked.document_id, unlinked.document_type, unlinked.currency
