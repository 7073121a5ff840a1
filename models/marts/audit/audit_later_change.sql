-- What happened to a commitment after it was accepted, one row per event, credit note or adjustment of a closed period.
with acceptance as (
    select * from {{ ref("int_quote_acceptance") }}
),

of_quote as (
    select
        acceptance.quote_id,
        acceptance.quote_revision,
        'QUOTE' as change_kind,
        happened.event_type,
        happened.source_system,
        happened.event_id,
        happened.event_time as happened_at,
        happened.aggregate_type,
        happened.aggregate_id
    from acceptance
    inner join {{ ref("int_event_sequenced") }} as happened
        on acceptance.quote_id = happened.aggregate_id and acceptance.aggregate_version < happened.aggregate_version
    where happened.aggregate_type = 'Quote' and happened.is_applied
),

of_approval as (
    select
        acceptance.quote_id,
        acceptance.quote_revision,
        'APPROVAL' as change_kind,
        happened.event_type,
        happened.source_system,
        happened.event_id,
        happened.event_time as happened_at,
        happened.aggregate_type,
        happened.aggregate_id
    from acceptance
    inner join {{ ref("int_approval_request_state") }} as request
        on acceptance.quote_id = request.quote_id and acceptance.quote_revision = request.quote_revision
    inner join {{ ref("int_event_sequenced") }} as happened
        on request.approval_request_id = happened.aggregate_id and acceptance.accepted_at < happened.event_time
    where happened.aggregate_type = 'ApprovalRequest' and happened.is_applied
),

-- What follows the quote is held to the acceptance that is in force, as the chain does.
of_order as (
    select
        acceptance.quote_id,
        acceptance.quote_revision,
        'ORDER' as change_kind,
        happened.event_type,
        happened.source_system,
        happened.event_id,
        happened.event_time as happened_at,
        happened.aggregate_type,
        happened.aggregate_id
    from acceptance
    inner join {{ ref("int_order_state") }} as placed on acceptance.quote_id = placed.quote_id
    inner join {{ ref("int_event_sequenced") }} as happened on placed.order_id = happened.aggregate_id
    where
        acceptance.is_in_force
        and happened.aggregate_type = 'Order'
        and happened.is_applied
        and happened.event_type in ('OrderCancellationRequested', 'OrderCancellationDecided')
),

of_asset as (
    select
        acceptance.quote_id,
        acceptance.quote_revision,
        'ASSET' as change_kind,
        happened.event_type,
        happened.source_system,
        happened.event_id,
        happened.event_time as happened_at,
        happened.aggregate_type,
        happened.aggregate_id
    from acceptance
    inner join {{ ref("int_order_state") }} as placed on acceptance.quote_id = placed.quote_id
    inner join {{ ref("int_asset_state") }} as asset on placed.order_id = asset.order_id
    inner join {{ ref("int_event_sequenced") }} as happened on asset.asset_id = happened.aggregate_id
    where
        acceptance.is_in_force
        and happened.aggregate_type = 'Asset'
        and happened.is_applied
        and happened.event_type in ('AssetChanged', 'AssetTerminated')
),

event as (
    select * from of_quote
    union all
    select * from of_approval
    union all
    select * from of_order
    union all
    select * from of_asset
),

credited as (
    select
        acceptance.quote_id,
        acceptance.quote_revision,
        billed.document_id,
        billed.source_event_id,
        billed.currency,
        min(billed.issued_at) as happened_at,
        sum(billed.net_amount) as amount
    from acceptance
    inner join {{ ref("int_order_state") }} as placed on acceptance.quote_id = placed.quote_id
    inner join {{ ref("fact_invoice_line") }} as billed on placed.order_id = billed.order_id
    where acceptance.is_in_force and billed.document_type = 'CREDIT_NOTE'
    group by acceptance.quote_id, acceptance.quote_revision, billed.document_id, billed.source_event_id, billed.currency
),

-- The lines that a close freezes, each with the commitment that it is part of; of a line that is gone the key as it was shown.
closable as (
    select
        'accepted_quote_line' as line_type,
        {{ key_text(["line.quote_id", "cast(line.quote_revision as string)", "line.quote_line_id", "line.charge_type"]) }} as line_key,
        line.quote_id,
        line.quote_revision
    from {{ ref("int_quote_line_shown") }} as line
    union
    select
        'accepted_quote_line' as line_type,
        {{ key_text(["line.quote_id", "cast(line.quote_revision as string)", "line.quote_line_id", "line.charge_type"]) }} as line_key,
        line.quote_id,
        line.quote_revision
    from acceptance
    inner join {{ ref("fact_quote_line_price") }} as line
        on acceptance.quote_id = line.quote_id and acceptance.quote_revision = line.quote_revision
    union
    select
        'order_line' as line_type,
        {{ key_text(["line.order_id", "line.order_item_id"]) }} as line_key,
        acceptance.quote_id,
        acceptance.quote_revision
    from acceptance
    inner join {{ ref("fact_order_line") }} as line on acceptance.quote_id = line.quote_id and acceptance.is_in_force
    union
    select
        'invoice_line' as line_type,
        {{ key_text(["line.document_type", "line.document_id", "line.invoice_line_id"]) }} as line_key,
        acceptance.quote_id,
        acceptance.quote_revision
    from acceptance
    inner join {{ ref("int_order_state") }} as placed on acceptance.quote_id = placed.quote_id and acceptance.is_in_force
    inner join {{ ref("fact_invoice_line") }} as line on placed.order_id = line.order_id
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
    from event
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
        closable.quote_id,
        closable.quote_revision,
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
    inner join closable on adjustment.line_type = closable.line_type and adjustment.line_key = closable.line_key
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
