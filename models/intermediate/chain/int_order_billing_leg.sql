{{ config(materialized="table") }}

-- The order-billing leg: per order item and billing period, what is to be billed against what has been billed. A row is there once
-- something is due or billed. Over and under are told apart and never netted; a credit note makes up for what was billed too much.
with due as (
    select
        terms.order_id,
        terms.order_item_id,
        series.number as billing_period
    from {{ ref("int_order_item_billing_terms") }} as terms
    inner join {{ numbers(0, 1200) }} as series on terms.due_period_count > series.number
),

leg as (
    select
        coalesce(billed.order_id, due.order_id) as order_id,
        coalesce(billed.order_item_id, due.order_item_id) as order_item_id,
        coalesce(billed.billing_period, due.billing_period) as billing_period,
        due.order_id is not null as is_due,
        coalesce(billed.invoice_count, 0) as invoice_count,
        billed.currency as invoice_currency,
        billed.last_invoice_id,
        billed.last_issued_at,
        coalesce(billed.net_amount, 0) as billed_net_amount,
        coalesce(billed.credited_net_amount, 0) as credited_net_amount,
        coalesce(billed.has_other_currency, false) as has_other_currency,
        coalesce(billed.has_other_account, false) as has_other_account,
        coalesce(billed.has_other_offering, false) as has_other_offering
    from {{ ref("int_order_item_billed") }} as billed
    full outer join due
        on
            billed.order_id = due.order_id
            and billed.order_item_id = due.order_item_id
            and billed.billing_period = due.billing_period
),

priced as (
    select
        leg.*,
        coalesce(terms.currency, leg.invoice_currency) as currency,
        case
            when leg.last_issued_at is not null then {{ month_text("leg.last_issued_at") }}
            when terms.period_months is null then {{ month_text("terms.completed_date") }}
            else {{ month_text_of_number(month_number("terms.start_date") ~ " + leg.billing_period * terms.period_months") }}
        end as month,
        {{ net_of_period("terms", "leg.billing_period") }} as expected_net_amount
    from leg
    left join {{ ref("int_order_item_billing_terms") }} as terms
        on leg.order_id = terms.order_id and leg.order_item_id = terms.order_item_id
),

compared as (
    select
        priced.*,
        case
            when priced.has_other_currency then 0
            else greatest(priced.billed_net_amount - priced.credited_net_amount - priced.expected_net_amount, 0)
        end as overbilled_net_amount,
        case
            when priced.has_other_currency or not priced.is_due then 0
            else greatest(priced.expected_net_amount - priced.billed_net_amount, 0)
        end as underbilled_net_amount
    from priced
)

select
    compared.order_id,
    compared.order_item_id,
    compared.billing_period,
    compared.month,
    compared.currency,
    compared.is_due,
    compared.invoice_count,
    compared.last_invoice_id,
    {{ money("compared.expected_net_amount") }} as expected_net_amount,
    {{ money("compared.billed_net_amount") }} as billed_net_amount,
    {{ money("compared.credited_net_amount") }} as credited_net_amount,
    {{ money("compared.overbilled_net_amount") }} as overbilled_net_amount,
    {{ money("compared.underbilled_net_amount") }} as underbilled_net_amount,
    case
        when compared.has_other_currency then 'other_currency'
        when compared.has_other_account then 'other_account'
        when compared.has_other_offering then 'other_offering'
        when compared.overbilled_net_amount > 0 and compared.expected_net_amount = 0 then 'unexpected'
        when compared.overbilled_net_amount > 0 and compared.invoice_count > 1 then 'billed_twice'
        when compared.overbilled_net_amount > 0 then 'overbilled'
        when compared.underbilled_net_amount > 0 and compared.invoice_count = 0 then 'unbilled'
        when compared.underbilled_net_amount > 0 then 'underbilled'
        else 'matched'
    end as leg_status
from compared
