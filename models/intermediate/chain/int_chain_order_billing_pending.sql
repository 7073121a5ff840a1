-- What is ordered and not billed, because it is not due: items that are not completed, or were a few days ago, and the period of an
-- activated item that has just begun. It should be billed some days (var billing_grace_days) after completion, activation or promise.
with pending as (
    select
        terms.*,
        item.quote_id,
        item.quote_line_id,
        item.source_event_id,
        item.promised_date,
        terms.due_period_count as billing_period,
        {{ add_months("terms.start_date", "cast(terms.due_period_count * terms.period_months as integer)") }} as period_start
    from {{ ref("int_order_item_billing_terms") }} as terms
    inner join {{ ref("int_chain_item") }} as item on terms.order_id = item.order_id and terms.order_item_id = item.order_item_id
    left join {{ ref("int_order_item_billed") }} as billed
        on
            terms.order_id = billed.order_id
            and terms.order_item_id = billed.order_item_id
            and terms.due_period_count = billed.billing_period
    where billed.order_id is null and not terms.is_cancelled and terms.net_amount > 0
)

select
    pending.quote_id,
    pending.quote_line_id,
    pending.order_id,
    pending.order_item_id,
    pending.billing_period,
    {{ month_of_period_end("pending", "pending.billing_period") }} as billing_period_end_month,
    pending.currency,
    {{ net_of_period("pending", "pending.billing_period") }} as left_net_amount,
    'timing' as leg_class,
    {{ grace_after(
        "coalesce(greatest(pending.period_start, pending.billable_date), pending.completed_date, pending.promised_date)"
    ) }} as clears_by_date,
    {{ escaped("pending.source_event_id") }} as left_event_ids
from pending
where
    case
        when pending.period_months is null
            then pending.due_period_count = 0 and (pending.charge_type <> 'USAGE' or pending.is_activated)
        else
            not pending.is_ended
            and pending.due_period_count < coalesce(pending.period_count, pending.due_period_count + 1)
            and pending.period_start <= cast({{ as_of() }} as date)
    end
