-- Orders.
create temp table orders as
with submitted as (
    select aggregate_id as order_id, event_id, event_time, aggregate_version, from_json(payload, payload_type('OrderSubmitted')) as header
    from events('order', 'OrderSubmitted') anti join stale using (arrival_seq)
), last_submitted as (
    select order_id, arg_max((event_id, event_time, header), aggregate_version) as last from submitted group by all
), entered as (
    select order_id, event_time, aggregate_version, 'SUBMITTED' as state from submitted union all
    select aggregate_id, event_time, aggregate_version, from_json(payload, payload_type('OrderStateChanged')).state
    from events('order', 'OrderStateChanged') anti join stale using (arrival_seq)
), last_entered as (
    select order_id, arg_max((state, event_time), aggregate_version) as entry from entered group by all
)
select order_id, last[1] as source_event_id, last[2] as submitted_at, last[3] as header, entry[1] as order_state, entry[2] as order_state_since,
    utc(last[3].promisedCompletionAt) as promised_completion_at
from last_submitted join last_entered using (order_id);

create temp table item_state as
with changed as (
    select aggregate_id as order_id, event_time, aggregate_version, from_json(payload, payload_type('OrderItemStateChanged')) as change
    from events('order', 'OrderItemStateChanged') anti join stale using (arrival_seq)
)
select order_id, change.orderItemId as order_item_id, arg_max(change.state, aggregate_version) as item_state,
    arg_max(event_time, aggregate_version) as item_state_since, arg_max(change.milestone, aggregate_version) as milestone
from changed group by all;

create temp table order_item as
select * exclude (header), header, unnest(header.items) as item from orders;

create table fact_order_line as
select order_item.order_id, item.orderItemId as order_item_id, header.orderNumber as order_number, header.quoteId as quote_id, header.quoteRevision as quote_revision,
    item.quoteLineId as quote_line_id, header.accountId as account_id, header.billingAccountId as billing_account_id,
    item.productOfferingId as product_offering_id, product_family, header.region as region, header.channel as channel, header.catalogVersion as catalog_version,
    header.priceBookVersion as price_book_version, item.action as action, item.chargeType as charge_type, item.quantity as quantity, header.currency as currency,
    item.netAmount as net_amount, getvariable('reporting_currency') as reporting_currency,
    case when header.currency = reporting_currency then 'PAR:' || header.currency else rate_id end as reporting_rate_id,
    case when header.currency = reporting_currency then 1 else exchange_rate end::decimal(28, 12) as reporting_rate,
    case when header.currency = reporting_currency then item.netAmount else converted(item.netAmount, from_rate, to_rate) end as reporting_net_amount,
    submitted_at, day_key(submitted_at) as submitted_date_key, promised_completion_at, order_state, order_state_since, item_state, item_state_since,
    milestone, source_event_id, has_gap, has_stale_event, has_open_conflict
from order_item
left join item_state on item_state.order_id = order_item.order_id and item_state.order_item_id = item.orderItemId
left join offering on offering.product_offering_id = item.productOfferingId
left join rate on rate.currency = header.currency and rate.day = submitted_at::date
left join flags on flags.aggregate_type = 'Order' and flags.aggregate_id = order_item.order_id;
