-- Every invoice line and every credit note line is in the order-billing leg once: net and credited, by currency.
with document as (
    select
        header.currency,
        line.net_amount as billed,
        cast(0 as decimal(18, 4)) as credited
    from {{ ref("int_invoice_line") }} as line
    inner join {{ ref("int_invoice_header") }} as header on line.invoice_id = header.invoice_id
    union all
    select
        header.currency,
        cast(0 as decimal(18, 4)) as billed,
        line.credited_net_amount as credited
    from {{ ref("int_credit_note_line") }} as line
    inner join {{ ref("int_credit_note_header") }} as header on line.credit_note_id = header.credit_note_id
),

there as (
    select
        document.currency,
        sum(document.billed) as billed,
        sum(document.credited) as credited
    from document
    group by document.currency
),

here as (
    select
        leg.currency,
        sum(leg.right_net_amount) as billed,
        sum(leg.credited_net_amount) as credited
    from {{ ref("fact_commercial_leg") }} as leg
    where leg.leg = 'order_billing' and leg.right_event_ids is not null
    group by leg.currency
)

select
    coalesce(here.currency, there.currency) as currency,
    here.billed,
    there.billed as documents_billed,
    here.credited,
    there.credited as documents_credited
from here
full outer join there on here.currency = there.currency
where
    here.currency is null
    or there.currency is null
    or here.billed <> there.billed
    or here.credited <> there.credited
