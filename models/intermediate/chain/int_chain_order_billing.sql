-- The order-billing leg in the shape of all legs: what is to be billed for a period on the left, what was on the right. What was billed
-- before it is due is a matter of time; what a credit note took back below the order is no break, and is told.
with compared as (
    select
        leg.*,
        billed.quantity as billed_quantity,
        billed.source_event_ids,
        billed.has_gap,
        billed.has_stale_event,
        billed.has_open_conflict,
        item.quote_id,
        item.quote_line_id,
        item.source_event_id,
        item.quantity,
        {{ grace_after("coalesce(terms.billable_date, terms.completed_date, item.promised_date)") }} as clears_by_date,
        {{ month_of_period_end("terms", "leg.billing_period") }} as billing_period_end_month,
        coalesce(
            not terms.is_cancelled
            and terms.period_months is not null
            and (leg.billing_period < 0 or leg.billing_period >= terms.period_count),
            false
        ) as is_outside
    from {{ ref("int_order_billing_leg") }} as leg
    left join {{ ref("int_order_item_billed") }} as billed
        on
            leg.order_id = billed.order_id
            and leg.order_item_id = billed.order_item_id
            and leg.billing_period = billed.billing_period
    left join {{ ref("int_order_item_billing_terms") }} as terms
        on leg.order_id = terms.order_id and leg.order_item_id = terms.order_item_id
    left join {{ ref("int_chain_item") }} as item on leg.order_id = item.order_id and leg.order_item_id = item.order_item_id
),

classed as (
    select
        compared.*,
        case
            when compared.leg_status = 'other_currency' then 'currency'
            when compared.leg_status = 'other_account' then 'account'
            when compared.leg_status = 'other_offering' then 'product'
            when compared.leg_status = 'unexpected' and compared.is_outside then 'period'
            when compared.leg_status in ('unexpected', 'billed_twice', 'unbilled') then compared.leg_status
            when compared.leg_status in ('overbilled', 'underbilled') and compared.billed_quantity <> compared.quantity then 'quantity'
            when compared.leg_status in ('overbilled', 'underbilled') then 'price'
            when not compared.is_due and compared.billed_net_amount < compared.expected_net_amount then 'timing'
            when compared.billed_net_amount - compared.credited_net_amount < compared.expected_net_amount then 'credited'
            else 'matched'
        end as leg_class
    from compared
)

select
    classed.quote_id,
    classed.quote_line_id,
    classed.order_id,
    classed.order_item_id,
    classed.billing_period,
    coalesce(classed.billing_period_end_month, classed.month) as billing_period_end_month,
    classed.currency,
    classed.is_due,
    classed.expected_net_amount as left_net_amount,
    classed.billed_net_amount as right_net_amount,
    classed.credited_net_amount,
    classed.overbilled_net_amount as over_net_amount,
    case
        when classed.leg_class = 'currency' and classed.is_due then greatest(classed.expected_net_amount - classed.billed_net_amount, 0)
        when classed.leg_class = 'timing' then classed.expected_net_amount - classed.billed_net_amount
        else classed.underbilled_net_amount
    end as under_net_amount,
    classed.leg_class,
    case when classed.leg_class = 'timing' then classed.clears_by_date end as clears_by_date,
    {{ escaped("classed.source_event_id") }} as left_event_ids,
    classed.source_event_ids as right_event_ids,
    {{ integrity_flags("classed") }}
from classed
