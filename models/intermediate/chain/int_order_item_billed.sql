-- What has been billed for each order item and billing period: every invoice line that names the item, credit notes of those invoices
-- beside it. The period is counted in months from the day on which billing began; what has no periods is all in period 0.
with credited as (
    select
        header.invoice_id,
        line.order_id,
        line.order_item_id,
        sum(line.credited_net_amount) as credited_net_amount
    from {{ ref("int_credit_note_line") }} as line
    inner join {{ ref("int_credit_note_header") }} as header on line.credit_note_id = header.credit_note_id
    group by header.invoice_id, line.order_id, line.order_item_id
),

invoiced as (
    select
        line.invoice_id,
        line.order_id,
        line.order_item_id,
        min(header.currency) as currency,
        min(header.account_id) as account_id,
        min(header.period_start) as period_start,
        min(header.issued_at) as issued_at,
        min(line.product_offering_id) as product_offering_id,
        sum(line.net_amount) as net_amount
    from {{ ref("int_invoice_line") }} as line
    inner join {{ ref("int_invoice_header") }} as header on line.invoice_id = header.invoice_id
    where line.order_id is not null and line.order_item_id is not null
    group by line.invoice_id, line.order_id, line.order_item_id
),

compared as (
    select
        invoiced.*,
        credited.credited_net_amount,
        case
            when terms.period_months is null then 0
            else cast(floor(
                ({{ month_number("invoiced.period_start") }} - {{ month_number("terms.start_date") }}) / terms.period_months
            ) as integer)
        end as billing_period,
        coalesce(invoiced.currency <> terms.currency, false) as is_other_currency,
        coalesce(invoiced.account_id <> terms.account_id, false) as is_other_account,
        coalesce(invoiced.product_offering_id <> terms.product_offering_id, false) as is_other_offering
    from invoiced
    left join {{ ref("int_order_item_billing_terms") }} as terms
        on invoiced.order_id = terms.order_id and invoiced.order_item_id = terms.order_item_id
    left join credited
        on
            invoiced.invoice_id = credited.invoice_id
            and invoiced.order_id = credited.order_id
            and invoiced.order_item_id = credited.order_item_id
)

select
    compared.order_id,
    compared.order_item_id,
    compared.billing_period,
    count(*) as invoice_count,
    min(compared.currency) as currency,
    max(compared.invoice_id) as last_invoice_id,
    max(compared.issued_at) as last_issued_at,
    sum(case when not compared.is_other_currency then compared.net_amount else 0 end) as net_amount,
    sum(case when not compared.is_other_currency then coalesce(compared.credited_net_amount, 0) else 0 end) as credited_net_amount,
    bool_or(compared.is_other_currency) as has_other_currency,
    bool_or(compared.is_other_account) as has_other_account,
    bool_or(compared.is_other_offering) as has_other_offering
from compared
group by compared.order_id, compared.order_item_id, compared.billing_period
