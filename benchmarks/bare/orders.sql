-- Orders.
create temp table order_event as
select * exclude (stated), case event_type when 'OrderSubmitted' then 'SUBMITTED' when 'OrderStateChanged' then stated.state end as state,
    stated.outcome as outcome
from (
    select aggregate_id as order_id, event_type, event_time, event_id, aggregate_version as v,
        from_json(payload, '{"state":"VARCHAR","outcome":"VARCHAR"}') as stated
    from events('order', 'Order*') anti join stale using (arrival_seq)
);

create temp table orders as
with submitted as (
    select aggregate_id as order_id, event_id, event_time, aggregate_version, from_json(payload, payload_type('OrderSubmitted')) as header
    from events('order', 'OrderSubmitted') anti join stale using (arrival_seq)
), last_submitted as (
    select order_id, arg_max((event_id, event_time, header), aggregate_version) as last,
        arg_min(utc(header.promisedCompletionAt), aggregate_version) as first_promised_completion_at
    from submitted group by all
), last_entered as (
    select order_id, arg_max((state, event_time), v) as entry from order_event where event_type in ('OrderSubmitted', 'OrderStateChanged') group by all
)
select order_id, last[1] as source_event_id, last[2] as submitted_at, last[3] as header, entry[1] as order_state, entry[2] as order_state_since,
    utc(last[3].promisedCompletionAt) as promised_completion_at, first_promised_completion_at
from last_entered left join last_submitted using (order_id);

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

create table fact_order_submission_attempt as
with call as (
    select aggregate_id as order_id, event_id, event_time, aggregate_version as v, from_json(payload, payload_type('OrderSubmissionAttempted')) as said
    from events('order', 'OrderSubmissionAttempted') anti join stale using (arrival_seq)
), attempt as (
    select order_id, said.idempotencyKey as idempotency_key, count(*) as call_count, arg_min(event_time, v) as attempted_at,
        row_number() over (partition by order_id order by min(v)) as attempt_number,
        arg_min(
            (said, event_time, event_id), case said.outcome when 'ACCEPTED' then (0, v) when 'REJECTED' then (1, -v) else (2, -v) end
        ) as shown,
        case when shown[1].outcome in ('ACCEPTED', 'REJECTED') then shown[1].outcome else 'UNKNOWN' end as outcome
    from call group by order_id, idempotency_key
)
select order_id, idempotency_key, shown[1].quoteId as quote_id, shown[1].quoteRevision as quote_revision, attempt_number, attempted_at,
    day_key(attempted_at) as attempted_date_key, call_count, outcome, attempt_number = 1 and outcome = 'ACCEPTED' as is_first_pass,
    case when outcome <> 'UNKNOWN' then shown[2] end as concluded_at, case when outcome = 'ACCEPTED' then shown[1].orderId end as submitted_order_id,
    case when outcome = 'REJECTED' then shown[1].validationCode end as validation_code, shown[3] as source_event_id,
    has_gap, has_stale_event, has_open_conflict
from attempt left join flags on flags.aggregate_type = 'Order' and flags.aggregate_id = order_id;

create table fact_order_item_feasibility as
with checked as (
    select aggregate_id as order_id, event_id, event_time, aggregate_version as v, from_json(payload, payload_type('OrderItemFeasibilityChecked')) as said
    from events('order', 'OrderItemFeasibilityChecked') anti join stale using (arrival_seq)
), folded as (
    select order_id, said.orderItemId as order_item_id, said.checkCycle as check_cycle, arg_min(event_time, v) as first_checked_at,
        arg_min(said.outcome, v) as first_outcome, arg_max((said, event_time, event_id), (said.outcome <> 'TIMEOUT', v)) as shown, count(*) as check_count,
        count(*) filter (where said.outcome = 'TIMEOUT') as timeout_count
    from checked group by all
)
select folded.order_id, folded.order_item_id, check_cycle, item.productOfferingId as product_offering_id, first_checked_at,
    day_key(first_checked_at) as first_checked_date_key, case when shown[1].outcome <> 'TIMEOUT' then shown[2] end as concluded_at, first_outcome,
    shown[1].outcome as outcome, shown[1].reasonCode as reason_code, shown[1].outcome <> 'TIMEOUT' as is_conclusive,
    shown[1].outcome = 'FEASIBLE' as is_feasible, first_outcome = 'FEASIBLE' as is_first_pass, check_count, timeout_count, shown[3] as source_event_id,
    has_gap, has_stale_event, has_open_conflict
from folded
left join order_item on order_item.order_id = folded.order_id and item.orderItemId = folded.order_item_id
left join flags on flags.aggregate_type = 'Order' and flags.aggregate_id = folded.order_id;

create table fact_cancellation_request as
with requested as (
    select order_id, said.requestId as request_id, arg_min(event_time, v) as requested_at, arg_max_null(texts(said.orderItemIds), v) as order_item_ids,
        count(*) as request_count, arg_max(event_id, v) as event_id
    from (
        select aggregate_id as order_id, event_id, event_time, aggregate_version as v, from_json(payload, payload_type('OrderCancellationRequested')) as said
        from events('order', 'OrderCancellationRequested') anti join stale using (arrival_seq)
    ) group by all
), decided as (
    select order_id, said.requestId as request_id, arg_max((said.outcome, event_time, event_id), v) as last,
        arg_max(said.conflictReason, v) filter (where said.outcome = 'REFUSED') as conflict_reason,
        bool_or(said.outcome = 'REFUSED' and coalesce(said.conflictReason, '') in ('IN_FLIGHT_DEPENDENCY', 'POINT_OF_NO_RETURN')) as has_conflict
    from (
        select aggregate_id as order_id, event_id, event_time, aggregate_version as v, from_json(payload, payload_type('OrderCancellationDecided')) as said
        from events('order', 'OrderCancellationDecided') anti join stale using (arrival_seq)
    ) group by all
), joined as (
    select order_id, request_id, requested_at, order_item_ids, coalesce(request_count, 0) as request_count, coalesce(last[1], 'PENDING') as outcome,
        last[2] as decided_at, conflict_reason, outcome in ('CANCELLED', 'REFUSED') as is_decided,
        is_decided and coalesce(has_conflict, false) as is_conflict, coalesce(last[3], event_id) as source_event_id
    from requested full join decided using (order_id, request_id)
)
select joined.* exclude (source_event_id), header.accountId as account_id, header.region as region, day_key(requested_at) as requested_date_key,
    day_key(decided_at) as decided_date_key, case when decided_at >= requested_at then seconds(requested_at, decided_at) end as decision_seconds,
    case when outcome = 'PENDING' and as_of() >= requested_at then seconds(requested_at, as_of()) end as open_age_seconds,
    coalesce(coalesce(decided_at, as_of()) < requested_at, false) as has_time_defect, joined.source_event_id, has_gap, has_stale_event, has_open_conflict
from joined
left join orders on orders.order_id = joined.order_id
left join flags on flags.aggregate_type = 'Order' and flags.aggregate_id = joined.order_id;
