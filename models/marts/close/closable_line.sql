{{ config(materialized="table") }}

-- The money that a close freezes, line by line in one shape: what was accepted, ordered and invoiced, and when that happened.
select
    'accepted_quote_line' as line_type,
    {{ key_text(["accepted.quote_id", "cast(accepted.quote_revision as string)", "accepted.quote_line_id", "accepted.charge_type"]) }}
        as line_key,
    accepted.region,
    accepted.currency,
    accepted.net_price_amount as amount,
    accepted.accepted_at as happened_at,
    accepted.source_event_id,
    cast(null as bigint) as arrival_seq
from {{ ref("fact_discount_leakage") }} as accepted
union all
select
    'order_line' as line_type,
    {{ key_text(["placed.order_id", "placed.order_item_id"]) }} as line_key,
    placed.region,
    placed.currency,
    placed.net_amount as amount,
    placed.submitted_at as happened_at,
    placed.source_event_id,
    placed.arrival_seq
from {{ ref("fact_order_line") }} as placed
union all
select
    'invoice_line' as line_type,
    {{ key_text(["billed.document_type", "billed.document_id", "billed.invoice_line_id"]) }} as line_key,
    account.region,
    billed.currency,
    billed.net_amount as amount,
    billed.issued_at as happened_at,
    billed.source_event_id,
    billed.arrival_seq
from {{ ref("fact_invoice_line") }} as billed
left join {{ ref("int_account_current") }} as account on billed.account_id = account.account_id
