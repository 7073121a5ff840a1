-- What int_quote_order_leg does not look at: accepted lines of quotes that no order names, and items of orders that name no quote. An order
-- may take a while (var order_grace_days): until then a line without one is a matter of time.
with unordered as (
    select
        line.*,
        {{ grace_after("line.accepted_at", var("order_grace_days")) }} as order_by_date,
        {{ is_within(grace_after("line.accepted_at", var("order_grace_days"))) }} as is_timing
    from {{ ref("int_chain_accepted_line") }} as line
    where not line.has_order
)

select
    unordered.quote_id,
    unordered.quote_revision,
    unordered.quote_line_id,
    cast(null as string) as order_id,
    cast(null as string) as order_item_id,
    unordered.currency,
    unordered.net_price_amount as left_net_amount,
    cast(0 as decimal(18, 4)) as right_net_amount,
    greatest(-unordered.net_price_amount, 0) as over_net_amount,
    greatest(unordered.net_price_amount, 0) as under_net_amount,
    case when unordered.is_timing then 'timing' else 'missing_order' end as leg_class,
    case when unordered.is_timing then unordered.order_by_date end as clears_by_date,
    {{ escaped("unordered.source_event_id") }} as left_event_ids,
    cast(null as string) as right_event_ids
from unordered
union all
select
    cast(null as string) as quote_id,
    cast(null as bigint) as quote_revision,
    item.quote_line_id,
    item.order_id,
    item.order_item_id,
    item.currency,
    cast(0 as decimal(18, 4)) as left_net_amount,
    item.net_amount as right_net_amount,
    greatest(item.net_amount, 0) as over_net_amount,
    greatest(-item.net_amount, 0) as under_net_amount,
    'unlinked' as leg_class,
    cast(null as date) as clears_by_date,
    cast(null as string) as left_event_ids,
    {{ escaped("item.source_event_id") }} as right_event_ids
from {{ ref("int_chain_item") }} as item
where item.quote_id is null
