-- What happened to a commitment after it was accepted, one row per event, credit note or adjustment of a closed period.
with credited as (
    select
        placed.quote_id,
        placed.quote_revision,
        billed.document_id,
        billed.source_event_id,
        billed.currency,
        min(billed.issued_at) as happened_at,
        sum(billed.net_amount) as amount
    from {{ ref("int_commitment_order") }} as placed
    inner join {{ ref("fact_invoice_line") }} as billed on placed.order_id = billed.order_id
    where billed.document_type = 'CREDIT_NOTE'
    group by placed.quote_id, placed.quote_revision, billed.document_id, billed.source_event_id, billed.currency
),

every as (
    select
        event.quote_id,
        event.quote_revision,
        {{ key_text(["event.change_kind", "event.source_system", "event.event_id"]) }} as later_change_id,
        event.change_kind,
        event.event_type,
        event.event_id,
        event.happened_at,
        event.aggregate_type,
        event.aggregate_id,
        event.event_type <> 'QuoteConversionAttempted' as is_alteration,
        cast(null as string) as currency,
        {{ money("null") }} as amount,
        cast(null as string) as original_period,
        cast(null as string) as booked_period
    from {{ ref("int_commitment_later_event") }} as event
    union all
    select
        credited.quote_id,
        credited.quote_revision,
        {{ key_text(["'CREDIT'", "credited.document_id", "credited.currency"]) }} as later_change_id,
        'CREDIT' as change_kind,
        'CreditNoteIssued' as event_type,
        credited.source_event_id as event_id,
        credited.happened_at,
        'CreditNote' as aggregate_type,
        credited.document_id as aggregate_id,
        true as is_alteration,
        credited.currency,
        {{ money("credited.amount") }} as amount,
        cast(null as string) as original_period,
        cast(null as string) as booked_period
    from credited
    union all
    select
        line.quote_id,
        line.quote_revision,
        {{ key_text(["'CLOSED_PERIOD'", "adjustment.period_adjustment_id"]) }} as later_change_id,
        'CLOSED_PERIOD' as change_kind,
        adjustment.reason as event_type,
        adjustment.causing_event_id as event_id,
        cast(null as timestamp) as happened_at,
        adjustment.line_type as aggregate_type,
        adjustment.line_key as aggregate_id,
        true as is_alteration,
        adjustment.currency,
        adjustment.delta_amount as amount,
        adjustment.original_period,
        adjustment.booked_period
    from {{ ref("fact_period_adjustment") }} as adjustment
    inner join {{ ref("int_commitment_line") }} as line
        on adjustment.line_type = line.line_type and adjustment.line_key = line.line_key
)

select
    every.quote_id,
    every.quote_revision,
    every.later_change_id,
    every.change_kind,
    every.event_type,
    every.event_id,
    every.happened_at,
    every.aggregate_type,
    every.aggregate_id,
    every.is_alteration,
    every.currency,
    every.amount,
    every.original_period,
    every.booked_period
from every
