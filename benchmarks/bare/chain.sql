-- From quote to cash: what each side of four legs says, row by row.
create temp macro today() as as_of()::date;
create temp macro billed_by(day) as day::date + {billing_grace_days};
create temp macro months_of(day) as extract(year from day) * 12 + extract(month from day);
create temp macro month_after(day, n) as month_of((date_trunc('month', day) + to_months(n::integer))::date);

-- Order items with what is to be billed for them, and how much of it is due.
create temp table item as
with activation as (
    select order_id, order_item_id, arg_min((recurring_net_amount, activated_at, start_date, end_date,
        case upper(billing_frequency) when 'MONTHLY' then 1 when 'QUARTERLY' then 3 when 'ANNUAL' then 12 end),
        (-epoch_us(activated_at), subscription_id)) as a
    from fact_subscription where subscription_state = 'active' group by all
), ended as (
    select order_id, order_item_id, max(valid_from)::date - {billing_grace_days} as ended_date
    from (
        select asset_id, order_id, order_item_id, arg_max(asset_state, asset_version) as asset_state,
            arg_max(valid_from, asset_version) filter (where event_name <> 'changed') as valid_from
        from fact_asset_state group by all
    ) where asset_state = 'terminated' group by all
), termed as (
    select l.order_id, l.order_item_id, quote_id, quote_revision, quote_line_id, coalesce(quote_line_id, 'item ' || l.order_item_id) as chain_line_id,
        row_number() over (partition by l.order_id, chain_line_id order by l.order_item_id) = 1 as is_first_of_line,
        case when quote_line_id is null then l.order_id end as lone_order_id, account_id, currency, product_offering_id, "action", charge_type, quantity,
        net_amount, order_state in ('CANCELLED', 'FAILED') as is_order_cancelled,
        is_order_cancelled or coalesce(item_state, '') in ('CANCELLED', 'FAILED') as is_cancelled, submitted_at, promised_completion_at::date as promised_date,
        source_event_id,
        case when order_state in ('COMPLETED', 'PARTIAL') and coalesce(item_state, order_state) = 'COMPLETED'
            then greatest(order_state_since, item_state_since)::date end as completed_date,
        a is not null as is_activated, a[1] as recurring, a[5] as period_months, a[3] as start_date,
        greatest(a[2], a[3]::timestamp)::date as billable_date, floor((months_of(a[4]) - months_of(a[3])) / a[5])::integer as period_count, ended_date,
        today() - {billing_grace_days} as due_through
    from fact_order_line as l left join activation using (order_id, order_item_id) left join ended using (order_id, order_item_id)
), dated as (
    select *, least(due_through, ended_date) as last_day,
        months_of(last_day) - months_of(start_date) - (extract(day from last_day) < extract(day from start_date))::integer as months_passed
    from termed
)
select * exclude (last_day, months_passed),
    case when is_cancelled or net_amount <= 0 then 0
        when not is_activated and charge_type <> 'USAGE' and completed_date <= due_through then 1
        when not is_activated or billable_date > due_through or period_months is null then 0
        else greatest(least(floor(months_passed / period_months)::integer + 1, coalesce(period_count, 1200)), 0) end as due_count
from dated;

create temp macro net_of(is_item, is_cancelled, net_amount, recurring, months, periods, n) as case
    when not is_item or is_cancelled then 0 when months is null then net_amount when n < 0 or n >= periods then 0
    when n = periods - 1 then net_amount - recurring * (periods - 1) else recurring end;
create temp macro month_of_end(months, start_date, completed_date, n) as
    case when months is null then month_of(completed_date) else month_after(start_date, (n + 1) * months - if(extract(day from start_date) = 1, 1, 0)) end;

-- Quote and order.
create temp table accepted_line as
with ordered as (select distinct header.quoteId as quote_id from orders where submitted_at is not null)
select line.quote_id, line.quote_revision, line.line.lineId as line_id, line.line.productOfferingId as product_offering_id, line.line.chargeType as charge_type,
    line.line.quantity as quantity, line.currency, line.line.netAmount as net_amount, accepted.accepted_at, line.source_event_id,
    ordered.quote_id is not null as has_order
from line join accepted using (quote_id, quote_revision) left join ordered on ordered.quote_id = line.quote_id;

create temp table quote_order as
with placed as (
    select order_id, header.quoteId as quote_id, header.currency as currency, submitted_at, accepted.quote_revision as accepted_revision,
        coalesce(header.quoteRevision <> accepted.quote_revision, false) as is_other_revision
    from orders left join accepted on accepted.quote_id = header.quoteId
    where header.quoteId is not null and submitted_at is not null
), of_item as (
    select order_id, quote_id, chain_line_id as line_id, min(product_offering_id) as offering, max(product_offering_id) as last_offering,
        min(charge_type) as charge, max(charge_type) as last_charge, sum(quantity) as quantity, sum(net_amount) as net_amount
    from item where quote_id is not null group by all
), of_line as (
    select order_id, l.*, ordered.line_id is not null as is_ordered
    from placed join accepted_line as l on l.quote_id = placed.quote_id
    left join (select distinct quote_id, line_id from of_item) as ordered on ordered.quote_id = l.quote_id and ordered.line_id = l.line_id
), leg as (
    select placed.*, coalesce(l.line_id, i.line_id) as line_id, l.line_id is not null as is_quoted, l.currency as quote_currency,
        coalesce(l.net_amount, 0) as quoted, coalesce(i.net_amount, 0) as ordered, l.source_event_id as quote_event_id,
        case when accepted_revision is null then 'unexpected' when is_other_revision then 'wrong_revision' when i.line_id is null then 'missing_order'
            when l.line_id is null then 'unexpected' when l.currency <> placed.currency then 'currency'
            when not coalesce(l.product_offering_id = i.offering and l.product_offering_id = i.last_offering, false) then 'product'
            when not coalesce(l.charge_type = i.charge and l.charge_type = i.last_charge, false) then 'charge'
            when not coalesce(l.quantity = i.quantity, false) then 'quantity' when quoted <> ordered then 'price' else 'matched' end as leg_class
    from of_line as l full join of_item as i on i.order_id = l.order_id and i.line_id = l.line_id
    join placed on placed.order_id = coalesce(l.order_id, i.order_id)
    where i.order_id is not null or not l.is_ordered
), turned as (
    select leg.*, item.order_item_id, item.quote_line_id as item_line_id, item.source_event_id as order_event_id,
        coalesce(item.is_order_cancelled, false) as is_order_cancelled,
        row_number() over (
            partition by leg.quote_id, line_id, item.lone_order_id
            order by coalesce(item.is_order_cancelled, false), item.order_item_id is null, leg.submitted_at, leg.order_id
        ) as turn
    from leg left join item on item.order_id = leg.order_id and item.chain_line_id = line_id and item.is_first_of_line
), sided as (
    select *, is_quoted and turn = 1 as has_left, unnest(case
        when not coalesce(quote_currency <> currency, false) then [{'l': true, 'r': true}]
        else list_concat(if(has_left, [{'l': true, 'r': false}], []), if(order_item_id is not null, [{'l': false, 'r': true}], [])) end) as side
    from turned where turn = 1 or order_item_id is not null
)
select quote_id, case when is_quoted then accepted_revision end as quote_revision, if(is_quoted, line_id, item_line_id) as quote_line_id, order_id,
    order_item_id, if(side.l, coalesce(quote_currency, currency), currency) as currency,
    money(if(side.l and has_left, quoted, 0)) as left_net_amount, money(if(side.r, ordered, 0)) as right_net_amount,
    case when turn > 1 and is_quoted and is_order_cancelled then 'superseded'
        when turn > 1 and is_quoted and leg_class <> 'wrong_revision' then 'unexpected' else leg_class end as leg_class,
    if(leg_class = 'superseded', 0, greatest(right_net_amount - left_net_amount, 0)) as over_net_amount,
    greatest(left_net_amount - right_net_amount, 0) as under_net_amount,
    case when side.l and has_left then escaped(quote_event_id) end as left_event_ids, case when side.r then escaped(order_event_id) end as right_event_ids
from sided
union all by name
select quote_id, quote_revision, line_id as quote_line_id, currency, net_amount as left_net_amount, 0 as right_net_amount,
    greatest(-net_amount, 0) as over_net_amount, greatest(net_amount, 0) as under_net_amount,
    if(today() <= accepted_at::date + {order_grace_days}, 'timing', 'missing_order') as leg_class,
    case when leg_class = 'timing' then accepted_at::date + {order_grace_days} end as clears_by_date, escaped(source_event_id) as left_event_ids
from accepted_line where not has_order
union all by name
select quote_line_id, order_id, order_item_id, currency, 0 as left_net_amount, net_amount as right_net_amount, greatest(net_amount, 0) as over_net_amount,
    greatest(-net_amount, 0) as under_net_amount, 'unlinked' as leg_class, escaped(source_event_id) as right_event_ids
from item where quote_id is null;

-- Order and billing: invoices and their credit notes by item and billing period.
create temp table document as
with invoiced as (
    select document_id, any_value(currency) as currency, any_value(account_id) as account_id, any_value(period_start) as period_start,
        any_value(issued_at) as issued_at, any_value(source_event_id) as source_event_id, line.orderId as order_id, line.orderItemId as order_item_id,
        min(line.productOfferingId) as offering, sum(line.quantity) as quantity, sum(line.netAmount) as net_amount
    from document_line where aggregate_type = 'Invoice' and line.orderId is not null and line.orderItemId is not null group by all
), credited as (
    select document_id, invoice_id, any_value(currency) as currency, any_value(source_event_id) as source_event_id, line.orderId as order_id,
        line.orderItemId as order_item_id, sum(line.netAmount) as credited
    from document_line where aggregate_type = 'CreditNote' group by all
), document as (
    select 'Invoice' as document_type, document_id as invoice_id, *, 0 as credited from invoiced
    union all by name
    select 'CreditNote' as document_type, c.*, i.period_start, 0 as quantity, 0 as net_amount
    from credited as c join invoiced as i on i.document_id = c.invoice_id and i.order_id = c.order_id and i.order_item_id = c.order_item_id
)
select d.*, coalesce(item.currency, min(d.currency) over (partition by d.order_id, d.order_item_id)) as order_currency,
    coalesce(floor((months_of(period_start) - months_of(start_date)) / period_months)::integer, 0) as billing_period,
    coalesce(d.account_id <> item.account_id, false) as is_other_account, coalesce(offering <> item.product_offering_id, false) as is_other_offering,
    coalesce(d.currency <> order_currency, false) as is_other_currency, has_gap, has_stale_event, has_open_conflict
from document as d
left join item on item.order_id = d.order_id and item.order_item_id = d.order_item_id
left join flags on flags.aggregate_type = document_type and flags.aggregate_id = document_id;

create temp table billed as
select order_id, order_item_id, billing_period, count(*) filter (where document_type = 'Invoice') as invoices, min(order_currency) as currency,
    max(issued_at) as last_issued_at, sum(if(is_other_currency, 0, quantity)) as quantity, sum(if(is_other_currency, 0, net_amount)) as net_amount,
    sum(if(is_other_currency, 0, credited)) as credited, bool_or(is_other_currency and document_type = 'Invoice') as is_other_currency,
    bool_or(is_other_account) as is_other_account, bool_or(is_other_offering) as is_other_offering, texts(list(source_event_id)) as event_ids,
    bool_or(has_gap) as has_gap, bool_or(has_stale_event) as has_stale_event, bool_or(has_open_conflict) as has_open_conflict
from document group by all;

create temp table order_billing as
with due as (
    select order_id, order_item_id, unnest(range(due_count::bigint)) as billing_period from item
), leg as (
    select order_id, order_item_id, billing_period, due.order_id is not null as is_due, billed.* exclude (order_id, order_item_id, billing_period)
    from billed full join due using (order_id, order_item_id, billing_period)
), priced as (
    select leg.order_id, leg.order_item_id, leg.billing_period, is_due, coalesce(item.currency, leg.currency) as currency, coalesce(invoices, 0) as invoices,
        leg.quantity as billed_quantity, item.quantity, coalesce(leg.net_amount, 0) as billed, coalesce(credited, 0) as credited,
        coalesce(is_other_currency, false) as is_other_currency, is_other_account, is_other_offering, event_ids, has_gap, has_stale_event,
        has_open_conflict, quote_id, quote_line_id, item.source_event_id, billed_by(coalesce(billable_date, completed_date, promised_date)) as clears_by,
        net_of(item.order_item_id is not null, is_cancelled, item.net_amount, recurring, period_months, period_count, leg.billing_period) as expected,
        coalesce(month_of_end(period_months, start_date, completed_date, leg.billing_period), case when last_issued_at is not null then month_of(last_issued_at)
            when period_months is null then month_of(completed_date) else month_after(start_date, leg.billing_period * period_months) end) as end_month,
        coalesce(not is_cancelled and period_months is not null and (leg.billing_period < 0 or leg.billing_period >= period_count), false) as is_outside
    from leg left join item on item.order_id = leg.order_id and item.order_item_id = leg.order_item_id
), compared as (
    select *, money(if(is_other_currency, 0, greatest(billed - credited - expected, 0))) as over_by,
        money(if(is_other_currency or not is_due, 0, greatest(expected - billed, 0))) as under_by,
        case when is_other_currency then 'currency' when is_other_account then 'account' when is_other_offering then 'product'
            when over_by > 0 and expected = 0 then if(is_outside, 'period', 'unexpected') when over_by > 0 and invoices > 1 then 'billed_twice'
            when over_by = 0 and under_by > 0 and invoices = 0 then 'unbilled'
            when over_by > 0 or under_by > 0 then if(billed_quantity <> quantity, 'quantity', 'price')
            when not is_due and billed < expected then 'timing' when billed - credited < expected then 'credited' else 'matched' end as leg_class
    from priced
)
select quote_id, quote_line_id, order_id, order_item_id, billing_period, end_month as billing_period_end_month, currency, is_due,
    money(expected) as left_net_amount, money(billed) as right_net_amount, money(credited) as credited_net_amount, over_by as over_net_amount,
    case when leg_class = 'currency' and is_due then greatest(expected - billed, 0) when leg_class = 'timing' then expected - billed else under_by end
        as under_net_amount,
    leg_class, case when leg_class = 'timing' then clears_by end as clears_by_date, escaped(source_event_id) as left_event_ids,
    event_ids as right_event_ids, has_gap, has_stale_event, has_open_conflict
from compared
union all by name
select quote_id, quote_line_id, order_id, order_item_id, due_count as billing_period,
    month_of_end(period_months, start_date, completed_date, due_count) as billing_period_end_month, currency,
    net_of(true, false, net_amount, recurring, period_months, period_count, due_count) as left_net_amount, 0 as right_net_amount,
    left_net_amount as under_net_amount, 'timing' as leg_class,
    billed_by(coalesce(greatest(period_start, billable_date), completed_date, promised_date)) as clears_by_date, escaped(source_event_id) as left_event_ids
from (
    select *, (start_date + to_months((due_count * period_months)::integer))::date as same_day,
        same_day + if(extract(day from same_day) < extract(day from start_date), 1, 0) as period_start
    from item anti join billed on billed.order_id = item.order_id and billed.order_item_id = item.order_item_id and billed.billing_period = item.due_count
    where not is_cancelled and net_amount > 0
) where if(period_months is null, due_count = 0 and (charge_type <> 'USAGE' or is_activated),
    ended_date is null and due_count < coalesce(period_count, due_count + 1) and period_start <= today())
union all by name
select item.quote_id, item.quote_line_id, d.order_id, d.order_item_id, billing_period, month_of(min(period_start)) as billing_period_end_month, d.currency,
    0 as left_net_amount, sum(d.net_amount) as right_net_amount, sum(credited) as credited_net_amount,
    greatest(sum(d.net_amount) - sum(credited), 0) as over_net_amount, 'currency' as leg_class, texts(list(d.source_event_id)) as right_event_ids,
    bool_or(has_gap) as has_gap, bool_or(has_stale_event) as has_stale_event, bool_or(has_open_conflict) as has_open_conflict
from document as d left join item on item.order_id = d.order_id and item.order_item_id = d.order_item_id
where is_other_currency group by all
union all by name
select document_id, month_of(min(issued_at)) as billing_period_end_month, currency, 0 as left_net_amount, sum(net) as right_net_amount,
    sum(credited) as credited_net_amount, greatest(sum(net), 0) as over_net_amount, 'unlinked' as leg_class,
    texts(list(source_event_id)) as right_event_ids, bool_or(has_gap) as has_gap, bool_or(has_stale_event) as has_stale_event,
    bool_or(has_open_conflict) as has_open_conflict
from (
    select l.document_id, l.aggregate_type, l.currency, l.issued_at, l.source_event_id, if(l.aggregate_type = 'Invoice', line.netAmount, 0) as net,
        if(l.aggregate_type = 'Invoice', 0, line.netAmount) as credited
    from document_line as l
    left join document as held on held.document_id = l.document_id and held.document_type = l.aggregate_type
        and held.order_id = line.orderId and held.order_item_id = line.orderItemId
    where held.document_id is null
) as unlinked
left join flags on flags.aggregate_type = unlinked.aggregate_type and flags.aggregate_id = document_id
group by document_id, unlinked.aggregate_type, currency;

-- Order and asset, asset and billing.
create temp table asset as
select asset_id, arg_max(columns(['account_id', 'product_offering_id', 'currency', 'start_date', 'order_id', 'order_item_id', 'asset_state',
    'recurring_net_amount']), asset_version), texts(list(source_event_id)) as event_ids
from fact_asset_state group by all;

create temp table item_asset as
with made as (
    select a.asset_id, a.order_id, a.order_item_id, currency, account_id, product_offering_id, arg_max(said.quantity, v) as quantity,
        arg_max(said.recurringNetAmount, v) as recurring, list(event_id) as event_ids
    from asset as a join asset_event as e on e.asset_id = a.asset_id and coalesce(said.orderId, a.order_id) = a.order_id
        and coalesce(said.orderItemId, a.order_item_id) = a.order_item_id
    group by all
)
select order_id, order_item_id, min(asset_id) as first_asset_id, min(currency) as currency, max(currency) as last_currency, min(account_id) as account_id,
    max(account_id) as last_account_id, min(product_offering_id) as offering, max(product_offering_id) as last_offering, sum(quantity) as quantity,
    sum(recurring) as recurring, texts(flatten(list(event_ids))) as event_ids, bool_or(has_gap) as has_gap, bool_or(has_stale_event) as has_stale_event,
    bool_or(has_open_conflict) as has_open_conflict
from made join flags on flags.aggregate_type = 'Asset' and flags.aggregate_id = asset_id group by all;

create temp table order_asset as
with expected as (
    select item.*, billed_by(coalesce(completed_date, promised_date)) as expected_by,
        "action" = 'ADD' and not is_cancelled and product_offering_id in (select product_offering_id from asset where product_offering_id is not null) as is_expected
    from item
), compared as (
    select quote_id, quote_line_id, coalesce(i.order_id, a.order_id) as order_id, coalesce(i.order_item_id, a.order_item_id) as order_item_id,
        first_asset_id as asset_id, coalesce(i.currency, a.currency) as currency, expected_by, period_count, source_event_id, event_ids, has_gap,
        has_stale_event, has_open_conflict, if(i.order_id is null or is_cancelled, 0, net_amount) as l,
        case when a.order_id is null then 0 when a.currency = i.currency and last_currency = i.currency then a.recurring * period_count end as r,
        case when a.order_id is null then if(completed_date is null or today() <= expected_by, 'timing', 'missing_asset')
            when i.order_id is null or is_cancelled then 'unexpected' when a.currency <> i.currency or last_currency <> i.currency then 'currency'
            when a.account_id <> i.account_id or last_account_id <> i.account_id then 'account'
            when offering <> product_offering_id or last_offering <> product_offering_id then 'product' when a.quantity <> i.quantity then 'quantity'
            when a.recurring * period_count <> net_amount then 'price' else 'matched' end as leg_class
    from expected as i full join item_asset as a on a.order_id = i.order_id and a.order_item_id = i.order_item_id
    where a.order_id is not null or is_expected
)
select quote_id, quote_line_id, order_id, order_item_id, asset_id, currency, l as left_net_amount, r as right_net_amount,
    coalesce(greatest(r - l, 0), 0) as over_net_amount, coalesce(greatest(l - r, 0), 0) as under_net_amount, coalesce(period_count, 1) as rounded_amount_count,
    leg_class, case when leg_class = 'timing' then expected_by end as clears_by_date, escaped(source_event_id) as left_event_ids,
    event_ids as right_event_ids, has_gap, has_stale_event, has_open_conflict
from compared;

create temp table asset_billing as
with activated as (
    select s.*, coalesce(s.asset_id, first_asset_id) as billed_asset_id, start_date <= today() and coalesce(end_date > today(), true) as is_in_force
    from fact_subscription as s left join item_asset as i on i.order_id = s.order_id and i.order_item_id = s.order_item_id
    where subscription_state = 'active' and billed_asset_id is not null
), ranked as (
    select *, row_number() over (partition by billed_asset_id order by start_date desc, activated_at desc, subscription_id) as recency,
        count(*) filter (where is_in_force) over (partition by billed_asset_id) as in_force
    from activated
), billed_asset as (
    select billed_asset_id as asset_id, count(*) as subscriptions, min(order_id) as order_id, min(order_item_id) as order_item_id, min(currency) as currency,
        max(currency) as last_currency, min(account_id) as account_id, max(account_id) as last_account_id, sum(recurring_net_amount) as recurring,
        texts(list(source_event_id)) as event_ids, bool_or(has_gap) as has_gap, bool_or(has_stale_event) as has_stale_event,
        bool_or(has_open_conflict) as has_open_conflict
    from ranked where is_in_force or (in_force = 0 and recency = 1) group by all
), held as (
    select asset.*, completed_date, billed_by(coalesce(completed_date, promised_date, asset.start_date)) as billed_by
    from asset left join item on item.order_id = asset.order_id and item.order_item_id = asset.order_item_id
), compared as (
    select coalesce(a.asset_id, b.asset_id) as asset_id, coalesce(a.order_id, b.order_id) as order_id, coalesce(a.order_item_id, b.order_item_id) as order_item_id,
        coalesce(a.currency, b.currency) as currency, a.event_ids as left_event_ids, b.event_ids as right_event_ids, billed_by, has_gap, has_stale_event,
        has_open_conflict, if(a.asset_id is null, 0, recurring_net_amount) as l,
        case when b.asset_id is null then 0 when a.currency is null or (b.currency = a.currency and last_currency = a.currency) then recurring end as r,
        case when a.asset_id is null then 'missing_asset'
            when b.asset_id is null then if(completed_date is null or today() <= billed_by, 'timing', 'unbilled')
            when b.currency <> a.currency or last_currency <> a.currency then 'currency'
            when b.account_id <> a.account_id or last_account_id <> a.account_id then 'account'
            when recurring > recurring_net_amount and subscriptions > 1 then 'billed_twice' when recurring <> recurring_net_amount then 'price'
            else 'matched' end as leg_class
    from held as a full join billed_asset as b on b.asset_id = a.asset_id
    where b.asset_id is not null or (asset_state = 'active' and recurring_net_amount > 0)
)
select item.quote_id, item.quote_line_id, c.order_id, c.order_item_id, asset_id, c.currency, l as left_net_amount, r as right_net_amount,
    coalesce(greatest(r - l, 0), 0) as over_net_amount, coalesce(greatest(l - r, 0), 0) as under_net_amount, leg_class,
    case when leg_class = 'timing' then billed_by end as clears_by_date, left_event_ids, right_event_ids, has_gap, has_stale_event, has_open_conflict
from compared as c left join item on item.order_id = c.order_id and item.order_item_id = c.order_item_id;

create table fact_commercial_leg as
with leg as (
    select 'quote_order' as leg, * from quote_order union all by name select 'order_billing' as leg, * from order_billing
    union all by name select 'order_asset' as leg, * from order_asset union all by name select 'asset_billing' as leg, * from asset_billing
), tolerance as (
    select * from read_csv(getvariable('seeds') || '/chain_tolerance.csv', types = {'absolute_amount': 'decimal(18,4)', 'percent': 'decimal(18,4)'})
    where effective_from <= today() qualify policy_version = max(policy_version) over ()
), filled as (
    select leg.* exclude (billing_period, is_due, rounded_amount_count) replace (
            money(left_net_amount) as left_net_amount, money(right_net_amount) as right_net_amount,
            money(coalesce(credited_net_amount, 0)) as credited_net_amount, money(coalesce(over_net_amount, 0)) as over_net_amount,
            money(coalesce(under_net_amount, 0)) as under_net_amount),
        coalesce(billing_period, 0) as billing_period, coalesce(is_due, false) as is_due, coalesce(rounded_amount_count, 1) as amounts,
        over_net_amount + under_net_amount as distance, coalesce(own.policy_version, of_all.policy_version) as tolerance_policy_version,
        coalesce(own.absolute_amount, of_all.absolute_amount, 0) as most, coalesce(own.percent, of_all.percent, 0) as most_percent,
        case coalesce(minor_units, 2) when 0 then 1 when 1 then 0.1 when 2 then 0.01 when 3 then 0.001 else 0.0001 end * amounts as rounding_limit
    from leg
    left join tolerance as own on own.leg = leg.leg and own.currency = leg.currency
    left join tolerance as of_all on of_all.leg = leg.leg and of_all.currency is null
    left join coin on coin.currency = leg.currency
), classed as (
    select * replace (case when leg_class <> 'price' then leg_class when distance < rounding_limit then 'rounding'
            when distance <= most and distance * 100 <= abs(left_net_amount) * most_percent then 'within_tolerance' else 'price' end as leg_class)
    from filled
)
select concat_ws('|', coalesce(escaped(quote_id), ''), coalesce(escaped(quote_line_id), ''), coalesce(escaped(order_id), ''),
        coalesce(escaped(order_item_id), ''), coalesce(escaped(document_id), ''), coalesce(escaped(currency), ''), billing_period) as chain_key,
    c.* exclude (amounts, distance, most, most_percent, rounding_limit, has_gap, has_stale_event, has_open_conflict),
    money(right_net_amount - credited_net_amount - left_net_amount) as difference_net_amount, is_break,
    coalesce(leg_class = 'timing' and clears_by_date < today(), false) as is_overdue,
    coalesce(c.has_gap, false) or coalesce(q.has_gap, false) or coalesce(o.has_gap, false) or coalesce(a.has_gap, false) as has_gap,
    coalesce(c.has_stale_event, false) or coalesce(q.has_stale_event, false) or coalesce(o.has_stale_event, false) or coalesce(a.has_stale_event, false)
        as has_stale_event,
    coalesce(c.has_open_conflict, false) or coalesce(q.has_open_conflict, false) or coalesce(o.has_open_conflict, false)
        or coalesce(a.has_open_conflict, false) as has_open_conflict
from classed as c
left join dim_chain_class using (leg_class)
left join flags as q on q.aggregate_type = 'Quote' and q.aggregate_id = quote_id
left join flags as o on o.aggregate_type = 'Order' and o.aggregate_id = order_id
left join flags as a on a.aggregate_type = 'Asset' and a.aggregate_id = asset_id;

create table fact_commercial_chain as
with weighed as (
    select *, if(is_break, '2', if(leg_class = 'matched', '0', '1')) || leg_class as weight from fact_commercial_leg
), chain as (
    select chain_key, quote_id, quote_line_id, order_id, order_item_id, document_id, billing_period, currency, max(quote_revision) as quote_revision,
        max(asset_id) as asset_id, max(billing_period_end_month) as billing_period_end_month,
        money(sum(left_net_amount) filter (where leg = 'quote_order')) as accepted_net_amount, money(sum(right_net_amount) filter (where leg = 'quote_order')) as ordered_net_amount,
        money(sum(difference_net_amount) filter (where leg = 'quote_order')) as quote_order_difference_net_amount,
        money(sum(over_net_amount) filter (where leg = 'quote_order')) as quote_order_over_net_amount, money(sum(under_net_amount) filter (where leg = 'quote_order')) as quote_order_under_net_amount,
        substr(max(weight) filter (where leg = 'quote_order'), 2) as quote_order_class, max(clears_by_date) filter (where leg = 'quote_order') as quote_order_clears_by_date,
        money(sum(left_net_amount) filter (where leg = 'order_billing')) as billable_net_amount, money(sum(right_net_amount) filter (where leg = 'order_billing')) as billed_net_amount,
        money(sum(difference_net_amount) filter (where leg = 'order_billing')) as order_billing_difference_net_amount,
        money(sum(over_net_amount) filter (where leg = 'order_billing')) as order_billing_over_net_amount, money(sum(under_net_amount) filter (where leg = 'order_billing')) as order_billing_under_net_amount,
        substr(max(weight) filter (where leg = 'order_billing'), 2) as order_billing_class, max(clears_by_date) filter (where leg = 'order_billing') as order_billing_clears_by_date,
        money(sum(left_net_amount) filter (where leg = 'order_asset')) as asset_ordered_net_amount, money(sum(right_net_amount) filter (where leg = 'order_asset')) as asset_net_amount,
        money(sum(difference_net_amount) filter (where leg = 'order_asset')) as order_asset_difference_net_amount,
        money(sum(over_net_amount) filter (where leg = 'order_asset')) as order_asset_over_net_amount, money(sum(under_net_amount) filter (where leg = 'order_asset')) as order_asset_under_net_amount,
        substr(max(weight) filter (where leg = 'order_asset'), 2) as order_asset_class, max(clears_by_date) filter (where leg = 'order_asset') as order_asset_clears_by_date,
        money(sum(left_net_amount) filter (where leg = 'asset_billing')) as asset_recurring_net_amount, money(sum(right_net_amount) filter (where leg = 'asset_billing')) as activated_recurring_net_amount,
        money(sum(difference_net_amount) filter (where leg = 'asset_billing')) as asset_billing_difference_net_amount,
        money(sum(over_net_amount) filter (where leg = 'asset_billing')) as asset_billing_over_net_amount, money(sum(under_net_amount) filter (where leg = 'asset_billing')) as asset_billing_under_net_amount,
        substr(max(weight) filter (where leg = 'asset_billing'), 2) as asset_billing_class, max(clears_by_date) filter (where leg = 'asset_billing') as asset_billing_clears_by_date,
        max(left_event_ids) filter (where leg = 'quote_order') as quote_event_ids,
        coalesce(max(left_event_ids) filter (where leg in ('order_billing', 'order_asset')), max(right_event_ids) filter (where leg = 'quote_order'))
            as order_event_ids,
        max(right_event_ids) filter (where leg = 'order_billing') as billing_event_ids,
        max(right_event_ids) filter (where leg = 'order_asset') as asset_event_ids,
        max(right_event_ids) filter (where leg = 'asset_billing') as activation_event_ids, money(sum(credited_net_amount)) as credited_net_amount,
        count(*) filter (where leg = 'order_billing' and (is_due or leg_class <> 'timing')) as component_count,
        count(*) filter (where leg = 'order_billing' and is_break) as mismatched_component_count, count(*) filter (where is_break) as break_count,
        bool_or(is_overdue) as is_overdue, max(tolerance_policy_version) as tolerance_policy_version, bool_or(has_gap) as has_gap,
        bool_or(has_stale_event) as has_stale_event, bool_or(has_open_conflict) as has_open_conflict
    from weighed group by all
)
select chain.*, coalesce(item.account_id, header.accountId) as account_id, coalesce(item.product_offering_id, l.product_offering_id) as product_offering_id,
    coalesce(item.charge_type, l.charge_type) as charge_type, accepted_at, submitted_at
from chain
left join item on item.order_id = chain.order_id and item.order_item_id = chain.order_item_id
left join accepted_line as l on l.quote_id = chain.quote_id and l.line_id = chain.quote_line_id
left join quote_header on quote_header.quote_id = chain.quote_id;
