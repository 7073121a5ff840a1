-- The lines of the accepted revision of each quote, and whether an order names the quote.
with ordered as (
    select distinct placed.quote_id
    from {{ ref("int_order_state") }} as placed
    where placed.quote_id is not null and placed.submitted_at is not null
)

select
    line.quote_id,
    line.quote_revision,
    line.quote_line_id,
    line.product_offering_id,
    line.charge_type,
    line.quantity,
    line.currency,
    line.net_price_amount,
    accepted.accepted_at,
    line.source_event_id,
    ordered.quote_id is not null as has_order
from {{ ref("int_quote_accepted") }} as accepted
inner join {{ ref("int_quote_line") }} as line
    on accepted.quote_id = line.quote_id and accepted.accepted_revision = line.quote_revision
left join ordered on accepted.quote_id = ordered.quote_id
