-- The lines that a close freezes, each with the commitment that it is part of; of a line that is gone the key as it was shown.
with quote_line as (
    select
        shown.quote_id,
        shown.quote_revision,
        shown.quote_line_id,
        shown.charge_type
    from {{ ref("int_quote_line_shown") }} as shown
    union
    select
        priced.quote_id,
        priced.quote_revision,
        priced.quote_line_id,
        priced.charge_type
    from {{ ref("int_quote_acceptance") }} as acceptance
    inner join {{ ref("fact_quote_line_price") }} as priced
        on acceptance.quote_id = priced.quote_id and acceptance.quote_revision = priced.quote_revision
)

select
    quote_line.quote_id,
    quote_line.quote_revision,
    'accepted_quote_line' as line_type,
    {{ key_text([
        "quote_line.quote_id", "cast(quote_line.quote_revision as string)", "quote_line.quote_line_id", "quote_line.charge_type",
    ]) }} as line_key
from quote_line
union all
select
    placed.quote_id,
    placed.quote_revision,
    'order_line' as line_type,
    {{ key_text(["line.order_id", "line.order_item_id"]) }} as line_key
from {{ ref("int_commitment_order") }} as placed
inner join {{ ref("fact_order_line") }} as line on placed.order_id = line.order_id
union all
select
    placed.quote_id,
    placed.quote_revision,
    'invoice_line' as line_type,
    {{ key_text(["line.document_type", "line.document_id", "line.invoice_line_id"]) }} as line_key
from {{ ref("int_commitment_order") }} as placed
inner join {{ ref("fact_invoice_line") }} as line on placed.order_id = line.order_id
