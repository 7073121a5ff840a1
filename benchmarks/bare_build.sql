-- What a good engineer writes by hand for once: the five fact tables straight from the lake's Parquet, with nothing tested, kept or explained.
-- bare_build.py gives it the variables lake, as_of and reporting_currency, and fills payload_type(…) in from the contract.
create temp macro events(stream, event_type) as table
    select * from read_parquet(
        getvariable('lake') || '/batches/batch_seq=*/events/stream=' || stream || '/event_type=' || event_type || '/*.parquet',
        hive_partitioning = true
    );
create temp macro units(amount) as cast(cast(amount as decimal(38, 4)) * 10000 as hugeint);
create temp macro scaled(rate) as cast(cast(rate as decimal(38, 8)) * 100000000 as hugeint);
create temp macro amount_of(units) as try_cast(cast(units as decimal(38, 0)) * 0.0001::decimal(4, 4) as decimal(18, 4));
create temp macro converted(amount, from_rate, to_rate) as
    amount_of((2 * units(amount) * scaled(to_rate) + sign(amount) * scaled(from_rate)) // (2 * scaled(from_rate)));
create temp macro day_key(moment) as
    cast(extract(year from moment) * 10000 + extract(month from moment) * 100 + extract(day from moment) as integer);
create temp macro utc(moment) as cast(moment as timestamptz) at time zone 'UTC';

-- Stale events and gaps; one pass over all envelopes.
create temp table integrity as
select aggregate_type, aggregate_id, max(aggregate_version) > count(distinct aggregate_version) as has_gap,
    count(*) > count(distinct aggregate_version) as has_stale_event
from events('*', '*') group by all;

create temp table stale as
select arrival_seq from events('*', '*') semi join (from integrity where has_stale_event) using (aggregate_type, aggregate_id)
qualify row_number() over (
    partition by aggregate_type, aggregate_id, aggregate_version order by coalesce(recorded_time, event_time), event_id, source_system
) > 1;

create temp table conflicted as
select distinct aggregate_type, aggregate_id
from read_parquet(getvariable('lake') || '/batches/batch_seq=*/quarantine/*.parquet') where verdict = 'conflict';

create temp table flags as
select aggregate_type, aggregate_id, has_gap, has_stale_event, conflicted.aggregate_id is not null as has_open_conflict
from integrity left join conflicted using (aggregate_type, aggregate_id);

-- The rate of each currency and day: the last published up to seven days before.
create temp table rate as
with published as (
    select rate_date, currency, rate from read_parquet(getvariable('lake') || '/exchange_rates/snapshot=*/rates.parquet')
    qualify row_number() over (partition by rate_date, currency order by published_through, snapshot) = 1
), quoted as (
    from published union all select distinct rate_date, 'EUR', 1::decimal(18, 8) from published
), crossed as (
    select f.rate_date, f.currency, f.rate as from_rate, t.rate as to_rate,
        'ECB:' || f.rate_date || ':' || f.currency || ':' || t.currency as rate_id,
        amount_of((2 * scaled(t.rate) * 1000000000000 + scaled(f.rate)) // (2 * scaled(f.rate))) as unused,
        cast(cast((2 * scaled(t.rate) * 1000000000000 + scaled(f.rate)) // (2 * scaled(f.rate)) as decimal(38, 0))
            * 0.000000000001::decimal(12, 12) as decimal(28, 12)) as exchange_rate
    from quoted as f join quoted as t using (rate_date)
    where t.currency = getvariable('reporting_currency') and f.currency <> t.currency
        and rate_date >= (select min(event_time)::date - 7 from events('*', '*'))
)
select cast(rate_date + gap.days as date) as day, * exclude (rate_date, unused)
from crossed cross join (select unnest(range(8))::integer as days) as gap
qualify row_number() over (partition by currency, cast(rate_date + gap.days as date) order by rate_date desc) = 1;

create temp table offering as
select aggregate_id as product_offering_id, arg_max(from_json(payload, payload_type('ProductOfferingUpserted')).family, aggregate_version) as product_family
from events('reference', 'ProductOfferingUpserted') anti join stale using (arrival_seq) group by all;

-- Quotes.
create temp table quote_header as
select aggregate_id as quote_id, arg_max(from_json(payload, payload_type('QuoteCreated')), aggregate_version) as header
from events('quote', 'QuoteCreated') anti join stale using (arrival_seq) group by all;

create temp table revision as
with happened as (
    select aggregate_id as quote_id, from_json(payload, '{"quoteRevision":"BIGINT"}').quoteRevision as quote_revision, event_time, aggregate_version as v,
        case event_type when 'QuoteRevised' then 'CREATED' when 'QuoteSubmittedForApproval' then 'SUBMITTED'
            else upper(substr(event_type, 6)) end as status
    from events('quote', '*') anti join stale using (arrival_seq)
    where event_type in ('QuoteCreated', 'QuoteRevised', 'QuotePriced', 'QuoteSubmittedForApproval', 'QuoteApproved', 'QuoteSent', 'QuoteAccepted',
        'QuoteRejected', 'QuoteExpired', 'QuoteCancelled')
), folded as (
    select quote_id, quote_revision,
        arg_min(event_time, v) filter (where status = 'CREATED') as created_at,
        arg_max(event_time, v) filter (where status = 'PRICED') as priced_at,
        arg_max(event_time, v) filter (where status = 'SUBMITTED') as submitted_at,
        arg_max(event_time, v) filter (where status = 'APPROVED') as approved_at,
        arg_max(event_time, v) filter (where status = 'SENT') as sent_at,
        arg_max(event_time, v) filter (where status = 'ACCEPTED') as accepted_at,
        arg_max(event_time, v) filter (where status = 'REJECTED') as rejected_at,
        arg_max(event_time, v) filter (where status = 'EXPIRED') as expired_at,
        arg_max(event_time, v) filter (where status = 'CANCELLED') as cancelled_at,
        coalesce(arg_max(status, v) filter (where status in ('ACCEPTED', 'REJECTED', 'EXPIRED', 'CANCELLED')), arg_max(status, v)) as revision_status
    from happened group by all
)
select *, quote_revision = max(quote_revision) over (partition by quote_id) as is_latest_revision from folded;

create temp table line as
with parsed as (
    select aggregate_id as quote_id, event_id, event_time, aggregate_version, from_json(payload, payload_type('QuotePriced')) as priced
    from events('quote', 'QuotePriced') anti join stale using (arrival_seq)
), last_priced as (
    select quote_id, priced.quoteRevision as quote_revision, arg_max((event_id, event_time, priced), aggregate_version) as last from parsed group by all
)
select quote_id, quote_revision, last[1] as source_event_id, last[2] as priced_at, last[3] as priced, unnest(last[3].lines) as line from last_priced;

create table fact_quote_line_adjustment as
with adjustment as (
    select *, unnest(line.adjustments) as a, generate_subscripts(line.adjustments, 1) as adjustment_number from line
)
select quote_id, quote_revision, line.lineId as quote_line_id, adjustment_number::integer as adjustment_number, a.sequence, a.type as adjustment_type,
    a.amount as adjustment_amount, a.basis, a.basisAmount as basis_amount, a.percent, a.reasonCode as reason_code, a.causeId as cause_id,
    coalesce(a.policyVersion, priced.policyVersion) as policy_version, line.chargeType as charge_type, priced.currency as currency,
    getvariable('reporting_currency') as reporting_currency,
    case when priced.currency = reporting_currency then 'PAR:' || priced.currency else rate_id end as reporting_rate_id,
    case when priced.currency = reporting_currency then 1 else exchange_rate end::decimal(28, 12) as reporting_rate,
    case when priced.currency = reporting_currency then a.amount else converted(a.amount, from_rate, to_rate) end as reporting_adjustment_amount,
    day_key(priced_at) as priced_date_key, source_event_id, has_gap, has_stale_event, has_open_conflict
from adjustment
left join rate on rate.currency = priced.currency and rate.day = priced_at::date
left join flags on flags.aggregate_type = 'Quote' and flags.aggregate_id = quote_id;

create table fact_quote_line_price as
with summed as (
    select *, list_filter(line.adjustments, lambda a: true) as adjustments, priced.currency as currency_,
        coalesce(line.termPeriods, 1) as periods
    from line
), priced_line as (
    select *,
        amount_of((2 * units(line.quantity) * units(line.listUnitPrice) * units(periods)
            + sign(line.quantity) * sign(line.listUnitPrice) * sign(periods) * 100000000) // 200000000) as list_price_amount,
        {adjustment_sums},
        {discount_sum} as discount_amount
    from summed
), joined as (
    select *, currency_ = getvariable('reporting_currency') as is_par
    from priced_line left join rate on rate.currency = currency_ and rate.day = priced_at::date
)
select joined.quote_id, joined.quote_revision, line.lineId as quote_line_id, line.parentLineId as parent_quote_line_id, header.quoteNumber as quote_number,
    header.accountId as account_id, line.productOfferingId as product_offering_id, product_family, header.region as region, header.channel as channel,
    line.chargeType as charge_type, priced.catalogVersion as catalog_version, priced.priceBookVersion as price_book_version,
    priced.policyVersion as policy_version, line.quantity as quantity, line.termPeriods as term_periods, line.listUnitPrice as list_unit_price,
    line.prorationFactor as proration_factor, currency_ as currency, list_price_amount, line.proratedListAmount as prorated_list_amount,
    {adjustment_names}, discount_amount, line.netAmount as net_price_amount, line.taxDisplayAmount as tax_display_amount,
    line.costAmount as cost_amount, try_cast(line.netAmount - line.costAmount as decimal(18, 4)) as margin_amount, line.floorNetAmount as floor_amount,
    getvariable('reporting_currency') as reporting_currency,
    case when is_par then 'PAR:' || currency_ else rate_id end as reporting_rate_id,
    case when is_par then 1 else exchange_rate end::decimal(28, 12) as reporting_rate,
    case when is_par then list_price_amount else converted(list_price_amount, from_rate, to_rate) end as reporting_list_price_amount,
    case when is_par then line.proratedListAmount else converted(line.proratedListAmount, from_rate, to_rate) end as reporting_prorated_list_amount,
    case when is_par then discount_amount else converted(discount_amount, from_rate, to_rate) end as reporting_discount_amount,
    case when is_par then line.netAmount else converted(line.netAmount, from_rate, to_rate) end as reporting_net_price_amount,
    case when is_par then line.costAmount else converted(line.costAmount, from_rate, to_rate) end as reporting_cost_amount,
    try_cast(reporting_net_price_amount - reporting_cost_amount as decimal(18, 4)) as reporting_margin_amount,
    case when is_par then line.floorNetAmount else converted(line.floorNetAmount, from_rate, to_rate) end as reporting_floor_amount,
    day_key(revision.created_at) as created_date_key, day_key(revision.priced_at) as priced_date_key, day_key(submitted_at) as submitted_date_key,
    day_key(approved_at) as approved_date_key, day_key(sent_at) as sent_date_key, day_key(accepted_at) as accepted_date_key,
    day_key(rejected_at) as rejected_date_key, day_key(expired_at) as expired_date_key, day_key(cancelled_at) as cancelled_date_key,
    revision_status, is_latest_revision, source_event_id, has_gap, has_stale_event, has_open_conflict
from joined
left join quote_header on quote_header.quote_id = joined.quote_id
left join revision on revision.quote_id = joined.quote_id and revision.quote_revision = joined.quote_revision
left join offering on offering.product_offering_id = line.productOfferingId
left join flags on flags.aggregate_type = 'Quote' and flags.aggregate_id = joined.quote_id;

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

-- Invoices and credit notes.
create temp table document_line as
with invoice as (
    select aggregate_id as id, event_id, event_time, aggregate_version, from_json(payload, payload_type('InvoiceIssued')) as header
    from events('billing', 'InvoiceIssued') anti join stale using (arrival_seq)
), credit_note as (
    select aggregate_id as id, event_id, event_time, aggregate_version, from_json(payload, payload_type('CreditNoteIssued')) as header
    from events('billing', 'CreditNoteIssued') anti join stale using (arrival_seq)
), last_invoice as (
    select id, arg_max((event_id, event_time, header), aggregate_version) as last from invoice group by all
), last_credit_note as (
    select id, arg_max((event_id, event_time, header), aggregate_version) as last from credit_note group by all
)
select 'Invoice' as aggregate_type, 'INVOICE' as document_type, id as document_id, last[3].invoiceNumber as document_number, id as invoice_id,
    last[3].accountId as account_id, last[3].billingAccountId as billing_account_id, last[3].currency as currency, 1 as sign,
    last[3].periodStart as period_start, last[3].periodEnd as period_end, last[1] as source_event_id, last[2] as issued_at, unnest(last[3].lines) as line
from last_invoice
union all
select 'CreditNote', 'CREDIT_NOTE', id, last[3].creditNoteNumber, last[3].invoiceId, last[3].accountId, null, last[3].currency, -1, null, null,
    last[1], last[2], unnest(last[3].lines)
from last_credit_note;

create table fact_invoice_line as
with signed as (
    select *, cast(sign * line.netAmount as decimal(18, 4)) as net_amount, cast(sign * line.taxAmount as decimal(18, 4)) as tax_amount from document_line
)
select document_type, document_id, document_number, invoice_id, line.invoiceLineId as invoice_line_id, account_id, billing_account_id,
    line.orderId as order_id, line.orderItemId as order_item_id, line.quoteLineId as quote_line_id, line.assetId as asset_id,
    line.productOfferingId as product_offering_id, line.chargeType as charge_type, line.quantity as quantity, signed.currency, net_amount, tax_amount,
    line.taxJurisdiction as tax_jurisdiction, getvariable('reporting_currency') as reporting_currency,
    case when signed.currency = reporting_currency then 'PAR:' || signed.currency else rate_id end as reporting_rate_id,
    case when signed.currency = reporting_currency then 1 else exchange_rate end::decimal(28, 12) as reporting_rate,
    case when signed.currency = reporting_currency then net_amount else converted(net_amount, from_rate, to_rate) end as reporting_net_amount,
    case when signed.currency = reporting_currency then tax_amount else converted(tax_amount, from_rate, to_rate) end as reporting_tax_amount,
    issued_at, day_key(issued_at) as invoice_date_key, substr(issued_at::date::varchar, 1, 7) as period, period_start, period_end,
    source_event_id, has_gap, has_stale_event, has_open_conflict
from signed
left join rate on rate.currency = signed.currency and rate.day = issued_at::date
left join flags on flags.aggregate_type = signed.aggregate_type and flags.aggregate_id = document_id;

-- Fulfillment.
create temp table fallout as
with opened as (
    select aggregate_id, event_time, aggregate_version, from_json(payload, payload_type('FalloutOpened')) as data
    from events('fulfillment', 'FalloutOpened') anti join stale using (arrival_seq)
), reason as (
    select aggregate_id, aggregate_version, data.reasonCode as reason_code from opened union all
    select aggregate_id, aggregate_version, from_json(payload, '{"reasonCode":"VARCHAR"}').reasonCode
    from events('fulfillment', 'FalloutReopened') anti join stale using (arrival_seq)
), kase as (
    select aggregate_id, arg_max(data.taskId, aggregate_version) as task_id, arg_min(event_time, aggregate_version) as opened_at from opened group by all
), last_reason as (
    select aggregate_id, arg_max(reason_code, aggregate_version) as reason_code from reason group by all
)
select task_id, count(*) as fallout_count, arg_max(reason_code, (opened_at, aggregate_id)) as fallout_reason_code, bool_or(has_gap) as has_gap,
    bool_or(has_stale_event) as has_stale_event, bool_or(has_open_conflict) as has_open_conflict
from kase join last_reason using (aggregate_id) join (from flags where aggregate_type = 'FalloutCase') using (aggregate_id)
where task_id is not null group by all;

create table fact_order_fulfillment_task as
with happened as (
    select aggregate_id as task_id, event_type, event_time, event_id, aggregate_version as v,
        case when event_type in ('TaskRetried', 'TaskFailed', 'TaskOutcomeUnknown')
            then from_json(payload, '{"retryCount":"BIGINT","errorCode":"VARCHAR"}') end as trouble
    from events('fulfillment', 'Task*') anti join stale using (arrival_seq)
), created as (
    select aggregate_id as task_id, arg_max(from_json(payload, payload_type('TaskCreated')), aggregate_version) as task
    from events('fulfillment', 'TaskCreated') anti join stale using (arrival_seq) group by all
), folded as (
    select task_id, arg_min(event_time, v) filter (where event_type = 'TaskCreated') as created_at,
        arg_min(event_time, v) filter (where event_type = 'TaskStarted') as started_at,
        case arg_max(event_type, v) when 'TaskCompleted' then 'completed' when 'TaskFailed' then 'failed' when 'TaskCancelled' then 'cancelled'
            when 'TaskOutcomeUnknown' then 'unknown' else 'open' end as outcome,
        arg_max(event_time, v) as outcome_at, arg_max(trouble.retryCount, v) as retry_count, arg_max(trouble.errorCode, v) as last_error_code,
        arg_max(event_id, v) as source_event_id
    from happened group by all
), ended as (
    select *, case when outcome in ('completed', 'failed', 'cancelled') then outcome_at end as ended_at,
        case when outcome = 'completed' then outcome_at end as completed_at
    from folded left join created using (task_id)
)
select ended.task_id, task.orderId as order_id, task.orderItemId as order_item_id, task.taskType as task_type, task.downstreamSystem as downstream_system,
    product_family, orders.header.region as region, task.ownerTeam as owner_team, created_at, day_key(created_at) as created_date_key, started_at, completed_at,
    day_key(completed_at) as completed_date_key, ended_at,
    case when started_at >= created_at then ((epoch_us(started_at) - epoch_us(created_at)) // 1000000)::bigint end as queue_seconds,
    case when ended_at >= started_at then ((epoch_us(ended_at) - epoch_us(started_at)) // 1000000)::bigint end as duration_seconds,
    coalesce(started_at < created_at, false) or coalesce(ended_at < started_at, false) as has_time_defect,
    orders.promised_completion_at, utc(task.slaDueAt) as sla_due_at,
    coalesce(ended_at, getvariable('as_of')::timestamp) > utc(task.slaDueAt) as is_sla_breached, outcome, coalesce(retry_count, 0) as retry_count,
    last_error_code, coalesce(fallout_count, 0) as fallout_count, fallout_reason_code, ended.source_event_id,
    own.has_gap or of_order.has_gap or coalesce(fallout.has_gap, false) as has_gap,
    own.has_stale_event or of_order.has_stale_event or coalesce(fallout.has_stale_event, false) as has_stale_event,
    own.has_open_conflict or of_order.has_open_conflict or coalesce(fallout.has_open_conflict, false) as has_open_conflict
from ended
left join orders on orders.order_id = task.orderId
left join order_item on order_item.order_id = task.orderId and order_item.item.orderItemId = task.orderItemId
left join offering on offering.product_offering_id = order_item.item.productOfferingId
left join fallout on fallout.task_id = ended.task_id
left join flags as own on own.aggregate_type = 'FulfillmentTask' and own.aggregate_id = ended.task_id
left join flags as of_order on of_order.aggregate_type = 'Order' and of_order.aggregate_id = task.orderId;
