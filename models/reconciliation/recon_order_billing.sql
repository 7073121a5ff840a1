-- Invoices against the order items that they name, billing period by billing period; by month of issue, what was never billed by the month
-- in which it became due, and the order's currency. Invoice lines that name no order item have nothing to be held against: unproven.
with leg as (
    select billing_leg.*
    from {{ ref("int_order_billing_leg") }} as billing_leg
),

covered as (
    select distinct
        {{ month_text("issued.event_time") }} as month,
        issued.currency
    from {{ ref("stg_billing__invoice_issued") }} as issued
    union
    select distinct
        leg.month,
        leg.currency
    from leg
),

without_order as (
    select
        {{ month_text("header.issued_at") }} as month,
        header.currency,
        count(*) as line_count,
        sum(line.net_amount) as net_amount,
        min(line.invoice_line_id) as example
    from {{ ref("int_invoice_line") }} as line
    inner join {{ ref("int_invoice_header") }} as header on line.invoice_id = header.invoice_id
    where line.order_id is null or line.order_item_id is null
    group by {{ month_text("header.issued_at") }}, header.currency
)

select
    'order_billing' as check_key,
    concat_ws('', 'billing/', covered.month, '/', covered.currency) as partition,
    'source' as kind,
    'critical' as severity,
    true as is_proven,
    count(leg.order_id) as left_count,
    count(*) filter (where leg.leg_status = 'matched') as right_count,
    {{ exact_sum("leg.overbilled_net_amount") }} as left_overbilled_amount,
    cast(0 as decimal(38, 4)) as right_overbilled_amount,
    {{ exact_sum("leg.underbilled_net_amount") }} as left_underbilled_amount,
    cast(0 as decimal(38, 4)) as right_underbilled_amount,
    min(
        case
            when leg.leg_status <> 'matched' and leg.last_invoice_id is null
                then concat_ws('', leg.order_item_id, ' of order ', leg.order_id, ': ', leg.leg_status)
            when leg.leg_status <> 'matched'
                then concat_ws('', leg.order_item_id, ' of order ', leg.order_id, ': ', leg.leg_status, ', last on ', leg.last_invoice_id)
        end
    ) as example
from covered
left join leg on covered.month = leg.month and covered.currency = leg.currency
group by covered.month, covered.currency
union all
select
    'order_billing' as check_key,
    concat_ws('', 'billing/', without_order.month, '/', without_order.currency, '/without_order') as partition,
    'source' as kind,
    'critical' as severity,
    false as is_proven,
    without_order.line_count as left_count,
    cast(null as bigint) as right_count,
    cast(without_order.net_amount as decimal(38, 4)) as left_overbilled_amount,
    cast(null as decimal(38, 4)) as right_overbilled_amount,
    cast(null as decimal(38, 4)) as left_underbilled_amount,
    cast(null as decimal(38, 4)) as right_underbilled_amount,
    concat_ws('', 'invoice lines that name no order item: ', cast(without_order.line_count as string), ', such as ', without_order.example)
        as example
from without_order
