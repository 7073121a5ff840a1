-- Lines as reports count them: once for each basis that the revision meets, in its month, at the rate of that day.
create temp table counted_line as
with reason as (
    select quote_id, quote_revision, arg_max(coalesce(reason_codes, '(none)'), v) as approval_reason from submission group by all
), met as (
    select line.quote_id, line.quote_revision, line.line, line.currency, unnest(list_filter([
        ('QUOTED', line.priced_at, true), ('LATEST', line.priced_at, is_latest_revision),
        ('ACCEPTED', accepted.accepted_at, accepted.accepted_at is not null), ('REJECTED', rejected_at, revision_status = 'REJECTED')
    ], lambda b: b[3])) as met
    from line join revision using (quote_id, quote_revision)
    left join accepted on accepted.quote_id = line.quote_id and accepted.quote_revision = line.quote_revision
)
select met[1] as basis, met.quote_id, met.quote_revision, line.lineId as line_id, month_of(met[2]) as period, line.chargeType as charge_type, met.currency,
    coalesce(product_family, '(unknown)') as product_family, coalesce(header.region, '(unknown)') as region, coalesce(header.channel, '(unknown)') as channel,
    coalesce(approval_reason, '(none)') as approval_reason, a.quote_id is not null as has_valid_approval,
    coalesce(product_of(line.quantity, line.listUnitPrice, coalesce(line.termPeriods, 1)), line.proratedListAmount) as list_amount,
    line.proratedListAmount as prorated_list_amount, line.netAmount as net_amount, line.adjustments as adjustments,
    if(met.currency = getvariable('reporting_currency'), 'PAR:' || met.currency, rate_id) as rate_id, from_rate, to_rate
from met
left join quote_header on quote_header.quote_id = met.quote_id
left join offering on offering.product_offering_id = line.productOfferingId
left join reason on reason.quote_id = met.quote_id and reason.quote_revision = met.quote_revision
left join line_approval as a on a.quote_id = met.quote_id and a.quote_revision = met.quote_revision and a.line_id = line.lineId
left join rate on rate.currency = met.currency and rate.day = met[2]::date;

create table mart_discount_monthly as
with spread as (
    select *, unnest(if(coalesce(len(adjustments), 0) = 0, [{'type': 'NONE', 'amount': 0::decimal(18, 4), 'n': 0}],
        list_transform(adjustments, lambda a: {'type': a.type, 'amount': a.amount, 'n': 1}))) as a
    from counted_line
), of_line as (
    select basis, period, charge_type, currency, product_family, region, channel, approval_reason, quote_id, quote_revision, line_id,
        coalesce(a.type, 'NONE') as discount_type, any_value(prorated_list_amount) as list_amount, any_value(has_valid_approval) as is_approved,
        any_value(rate_id) as rate_id, sum(a.n) as adjustments, sum(coalesce(a.amount, 0)) as amount, sum(abs(coalesce(a.amount, 0))) as absolute,
        sum(to_reporting(coalesce(a.amount, 0), currency, from_rate, to_rate)) as reporting
    from spread group by all
), by_type as (
    select basis, period, charge_type, currency, product_family, region, channel, approval_reason, discount_type, count(*) as line_count,
        sum(adjustments) as adjustments, sum(list_amount) as list_amount, sum(amount) as amount, sum(if(is_approved, amount, 0)) as approved,
        sum(absolute) as absolute, sum(reporting) as reporting, sum(reporting * if(is_approved, 1, 0)) as reporting_approved,
        count(*) - count(rate_id) as unconverted_line_count, count(distinct rate_id) as rate_count, min(rate_id) as first_rate_id
    from of_line group by all
), segment as (
    select basis, period, charge_type, currency, product_family, region, channel, approval_reason, sum(prorated_list_amount) as segment_list
    from counted_line group by all
), shared as (
    select by_type.*, segment_list, sum(absolute) over of_segment as segment_absolute,
        sum(if(discount_type = 'UNCLASSIFIED', absolute, 0)) over of_segment as segment_unclassified
    from by_type join segment using (basis, period, charge_type, currency, product_family, region, channel, approval_reason)
    window of_segment as (partition by basis, period, charge_type, currency, product_family, region, channel, approval_reason)
)
select basis, period, charge_type, currency, product_family, region, channel, approval_reason, discount_type,
    coalesce(discount_class, 'NONE') as discount_class, coalesce(is_economic_discount, false) as is_economic_discount,
    coalesce(is_controllable, false) as is_controllable, line_count, adjustments::bigint as adjustment_count, money(list_amount) as list_amount,
    money(segment_list) as segment_list_amount, money(amount) as adjustment_amount, money(approved) as approved_amount,
    money(amount - approved) as unapproved_amount, money(absolute) as absolute_amount, money(segment_absolute) as segment_absolute_amount,
    money(segment_unclassified) as segment_unclassified_amount,
    converted(100::decimal(18, 4), nullif(segment_absolute, 0), segment_unclassified) as unclassified_share_percent,
    getvariable('reporting_currency') as reporting_currency,
    case when rate_count = 1 and unconverted_line_count = 0 then first_rate_id end as reporting_rate_id, rate_count as reporting_rate_count,
    unconverted_line_count, money(reporting) as reporting_adjustment_amount, money(reporting_approved) as reporting_approved_amount,
    money(reporting - reporting_approved) as reporting_unapproved_amount, as_of() as as_of
from shared left join taxonomy on code = discount_type;

-- Levels of accepted lines, each summed from its own source, and the moves between them.
create table mart_price_waterfall_monthly as
with invoiced as (
    select o.quote_id, o.quote_line_id, i.currency, money(sum(i.net_amount)) as amount
    from fact_invoice_line as i join fact_order_line as o using (order_id, order_item_id)
    where document_type = 'INVOICE' and o.quote_line_id is not null group by all
), level as (
    select period, charge_type, l.currency, product_family, region, channel, count(*) as line_count, count(*) - count(rate_id) as unconverted_line_count,
        [sum(list_amount), sum(prorated_list_amount), sum(net_amount), sum(coalesce(amount, 0))] as a,
        [sum(to_reporting(list_amount, l.currency, from_rate, to_rate)), sum(to_reporting(prorated_list_amount, l.currency, from_rate, to_rate)),
            sum(to_reporting(net_amount, l.currency, from_rate, to_rate)),
            sum(to_reporting(coalesce(amount, 0), l.currency, from_rate, to_rate))] as r
    from counted_line as l
    left join invoiced as i on i.quote_id = l.quote_id and i.quote_line_id = line_id and i.currency = l.currency
    where basis = 'ACCEPTED' group by all
), discount as (
    select period, charge_type, currency, product_family, region, channel, discount_type as code,
        case when count(*) = count(adjustment_amount) then sum(adjustment_amount) end as amount, sum(reporting_adjustment_amount) as reporting
    from mart_discount_monthly where basis = 'ACCEPTED' group by all
), moved as (
    select level.*, 3 + waterfall_position as step_number, taxonomy.code as step,
        if(discount.code is null, 0, discount.amount) as amount, coalesce(discount.reporting, r[3] * 0) as reporting
    from level join taxonomy on taxonomy.code <> 'TAX_DISPLAY'
    left join discount using (period, charge_type, currency, product_family, region, channel, code)
), step as (
    select * exclude (a, r) from moved
    union all by name
    select * exclude (a, r, s), s[1] as step_number, s[2] as step, s[3] as amount, s[4] as reporting from (
        select *, unnest([(1, 'LIST', a[1], r[1]), (2, 'PRORATION', a[2] - a[1], r[2] - r[1]), (3, 'PRORATED_LIST', a[2], r[2]), (15, 'NET', a[3], r[3]),
            (16, 'INVOICING', a[4] - a[3], r[4] - r[3]), (17, 'INVOICED', a[4], r[4])]) as s
        from level
    )
    union all by name
    select * exclude (a, r, moved_amount, moved_reporting), 14 as step_number, 'RESIDUAL' as step, a[3] - a[2] - moved_amount as amount,
        r[3] - r[2] - moved_reporting as reporting
    from (
        select * exclude (step_number, step, amount, reporting), sum(amount) as moved_amount, sum(reporting) as moved_reporting from moved group by all
    )
)
select period, charge_type, currency, product_family, region, channel, step_number, step,
    if(step in ('LIST', 'PRORATED_LIST', 'NET', 'INVOICED'), 'LEVEL', 'MOVE') as step_kind, line_count, money(amount) as amount,
    money(sum(case when step not in ('PRORATED_LIST', 'NET', 'INVOICED') then amount end) over so_far) as running_amount,
    getvariable('reporting_currency') as reporting_currency, money(reporting) as reporting_amount,
    money(sum(case when step not in ('PRORATED_LIST', 'NET', 'INVOICED') then reporting end) over so_far) as reporting_running_amount,
    unconverted_line_count, as_of() as as_of
from step
window so_far as (partition by period, charge_type, currency, product_family, region, channel order by step_number);
