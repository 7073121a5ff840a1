-- Every level and every adjustment step of mart_price_waterfall_monthly, by currency, from the facts: lines from fact_quote_line_price,
-- invoices that exist for such a line, without a join that could repeat them. What does not fit an amount is NULL and left out.
with accepted as (
    select line.*
    from {{ ref("fact_quote_line_price") }} as line
    inner join {{ ref("int_quote_accepted_revision") }} as revision
        on line.quote_id = revision.quote_id and line.quote_revision = revision.quote_revision
),

invoiced as (
    select invoice_line.*
    from {{ ref("fact_invoice_line") }} as invoice_line
    where invoice_line.document_type = 'INVOICE' and exists (
        select 1
        from {{ ref("fact_order_line") }} as order_line
        inner join accepted
            on order_line.quote_id = accepted.quote_id and order_line.quote_line_id = accepted.quote_line_id
        where
            order_line.order_id = invoice_line.order_id
            and order_line.order_item_id = invoice_line.order_item_id
            and accepted.currency = invoice_line.currency
    )
),

there as (
    {% set steps = {
        "LIST": "coalesce(accepted.list_price_amount, accepted.prorated_list_amount)",
        "PRORATED_LIST": "accepted.prorated_list_amount",
        "NET": "accepted.net_price_amount",
    } -%}
    {% for type in adjustment_types() -%}
    {% do steps.update({type: "accepted." ~ (type | lower) ~ "_amount"}) -%}
    {% endfor -%}
    {% for step, amount in steps.items() -%}
    select
        accepted.currency,
        '{{ step }}' as step,
        coalesce(sum({{ amount }}), 0) as amount
    from accepted
    group by accepted.currency
    union all
    {% endfor -%}
    select
        currencies.currency,
        'INVOICED' as step,
        coalesce(sum(invoiced.net_amount), 0) as amount
    from (select distinct accepted.currency from accepted) as currencies
    left join invoiced on currencies.currency = invoiced.currency
    group by currencies.currency
),

here as (
    select
        mart.currency,
        mart.step,
        sum(mart.amount) as amount,
        count(*) = count(mart.amount) as is_whole
    from {{ ref("mart_price_waterfall_monthly") }} as mart
    where mart.step not in ('PRORATION', 'RESIDUAL', 'INVOICING')
    group by mart.currency, mart.step
)

select
    coalesce(here.currency, there.currency) as currency,
    coalesce(here.step, there.step) as step,
    here.amount as here_amount,
    there.amount as there_amount
from here
full outer join there on here.currency = there.currency and here.step = there.step
where coalesce(here.is_whole, true) and here.amount is distinct from there.amount
