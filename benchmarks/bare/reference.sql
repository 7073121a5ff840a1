-- Dimensions: what reference events say, what other events name, and the seeds.
create temp table account_version as
select aggregate_id as account_id, event_time, event_id, aggregate_version as v, unnest(from_json(payload, payload_type('AccountUpserted')))
from events('reference', 'AccountUpserted') anti join stale using (arrival_seq);

create table dim_account_version as
select account_id, v as account_version, event_time as valid_from,
    min(event_time) over (partition by account_id order by v rows between 1 following and unbounded following) as valid_to, valid_to is null as is_current,
    "name" as account_name, legalName as legal_name, segment, region, country, ownerId as owner_id, partnerId as partner_id, priority,
    coalesce(isTest, false) as is_test, event_id as source_event_id, has_gap, has_stale_event, has_open_conflict
from account_version left join flags on flags.aggregate_type = 'Account' and flags.aggregate_id = account_id;

create table dim_account as
select * exclude (account_version, valid_from, valid_to, is_current), valid_from as updated_at from dim_account_version where is_current;

create table dim_product_offering_version as
select product_offering_id, v as product_offering_version, event_time as valid_from,
    min(event_time) over (partition by product_offering_id order by v rows between 1 following and unbounded following) as valid_to,
    valid_to is null as is_current, "name" as product_offering_name, family as product_family, catalogVersion as catalog_version,
    coalesce(isActive, true) as is_active, event_id as source_event_id, has_gap, has_stale_event, has_open_conflict
from offering_version left join flags on flags.aggregate_type = 'ProductOffering' and flags.aggregate_id = product_offering_id;

create table dim_product_offering as
select * exclude (product_offering_version, valid_from, valid_to, is_current), valid_from as updated_at from dim_product_offering_version where is_current;

create temp table price as
select * exclude (validFrom, validTo), utc(validFrom) as valid_from, utc(validTo) as stated_valid_to from (
    select aggregate_id as entry_id, event_time, event_id, aggregate_version as v, unnest(from_json(payload, payload_type('PriceBookEntryUpserted')))
    from events('reference', 'PriceBookEntryUpserted') anti join stale using (arrival_seq)
);

create table dim_price_book_entry as
with last_stated as (
    select * from price semi join (select entry_id, max(v) as v from price group by entry_id, valid_from) as last using (entry_id, v)
)
select entry_id as price_book_entry_id, valid_from, least(stated_valid_to, lead(valid_from) over (partition by entry_id order by valid_from)) as valid_to,
    valid_from <= as_of() and (valid_to is null or as_of() < valid_to) as is_current, priceBookVersion as price_book_version,
    productOfferingId as product_offering_id, currency, chargeType as charge_type, listUnitPrice as list_unit_price, floorUnitPrice as floor_unit_price,
    unitCost as unit_cost, event_id as source_event_id, has_gap, has_stale_event, has_open_conflict
from last_stated left join flags on flags.aggregate_type = 'PriceBookEntry' and flags.aggregate_id = entry_id;

create table dim_exchange_rate as
select rate_id as exchange_rate_id, rate_date as published_date, currency as from_currency, getvariable('reporting_currency') as to_currency,
    from_rate as from_rate_per_eur, to_rate as to_rate_per_eur, exchange_rate
from published_rate
union all
select 'PAR:' || getvariable('reporting_currency'), null, getvariable('reporting_currency'), getvariable('reporting_currency'), null, null, 1;

create temp table named as
select unnest([('channel', header.channel), ('region', header.region), ('partner', header.partnerId), ('rep', header.salesRepId),
    ('team', header.salesTeam)]) as value, created_at as moment from quote_header
union all
select unnest([('channel', header.channel), ('region', header.region)]), submitted_at from orders
union all
select unnest([('region', region), ('partner', partner_id)]), valid_from from dim_account_version
union all
select unnest([('system', downstream_system), ('owner', owner_team)]), created_at from fact_order_fulfillment_task
union all
select unnest([('system', said.downstreamSystem), ('owner', said.ownerTeam)]), event_time from fallout_event
union all
select ('approver', said.approverGroup), event_time from approval_event;

create temp macro mentioned(kind) as table
    select value[2] as value, min(moment) as first_seen_at, max(moment) as last_seen_at, count(*) as mention_count
    from named where value[1] = kind and value[2] is not null group by value[2];
create table dim_channel as from mentioned('channel') as m(channel, first_seen_at, last_seen_at, mention_count);
create table dim_region as from mentioned('region') as m(region, first_seen_at, last_seen_at, mention_count);
create table dim_partner as from mentioned('partner') as m(partner_id, first_seen_at, last_seen_at, mention_count);
create table dim_sales_rep as from mentioned('rep') as m(sales_rep_id, first_seen_at, last_seen_at, mention_count);
create table dim_sales_team as from mentioned('team') as m(sales_team, first_seen_at, last_seen_at, mention_count);
create table dim_downstream_system as from mentioned('system') as m(downstream_system, first_seen_at, last_seen_at, mention_count);
create table dim_owner_team as from mentioned('owner') as m(owner_team, first_seen_at, last_seen_at, mention_count);
create table dim_approver_group as from mentioned('approver') as m(approver_group, first_seen_at, last_seen_at, mention_count);

create table dim_reason_code as
with said as (
    select event_type, event_time, from_json(payload, '{"reason":"VARCHAR","reasonCode":"VARCHAR","conflictReason":"VARCHAR"}') as why
    from events('*', '*') anti join stale using (arrival_seq)
    where event_type in ('ApprovalInvalidated', 'ApprovalRecalled', 'QuoteRevised', 'QuoteApproved', 'QuoteSent', 'QuoteRejected', 'QuoteExpired',
        'QuoteCancelled', 'OrderStateChanged', 'OrderItemFeasibilityChecked', 'OrderCancellationDecided', 'FalloutOpened', 'FalloutReopened',
        'BillingHandoffFailed', 'CreditNoteIssued', 'AssetTerminated')
), mention as (
    select case when event_type like 'Approval%' then 'APPROVAL_WITHDRAWAL' when event_type = 'QuoteRevised' then 'QUOTE_REVISION'
            when event_type like 'Quote%' then 'QUOTE_OUTCOME' when event_type = 'OrderStateChanged' then 'ORDER_STATE'
            when event_type = 'OrderItemFeasibilityChecked' then 'FEASIBILITY' when event_type = 'OrderCancellationDecided' then 'CANCELLATION_CONFLICT'
            when event_type like 'Fallout%' then 'FALLOUT' when event_type = 'BillingHandoffFailed' then 'BILLING_HANDOFF'
            when event_type = 'CreditNoteIssued' then 'CREDIT_NOTE' else 'ASSET_TERMINATION' end as domain,
        case when event_type in ('ApprovalInvalidated', 'ApprovalRecalled', 'QuoteRevised') then why.reason
            when event_type = 'OrderCancellationDecided' then why.conflictReason else why.reasonCode end as reason_code, event_time
    from said
    union all select 'ADJUSTMENT', a.reasonCode, priced_at from adjustment
    union all select 'APPROVAL', unnest(reasons), event_time from submission
), counted as (
    select domain, reason_code, min(event_time) as first_seen_at, max(event_time) as last_seen_at, count(*) as mention_count
    from mention where reason_code is not null group by all
)
select domain, reason_code, coalesce(label, reason_code) as label, owner_group, seed.label is not null as is_known, first_seen_at, last_seen_at,
    coalesce(mention_count, 0) as mention_count
from read_csv(getvariable('seeds') || '/reason_code.csv', all_varchar = true) as seed full join counted using (domain, reason_code);

create table dim_date as
select day_key(day) as date_key, day::date as calendar_date, year(day)::integer as calendar_year, quarter(day)::integer as calendar_quarter,
    month(day)::integer as calendar_month, day(day)::integer as day_of_month, isodow(day)::integer as iso_day_of_week, isodow(day) >= 6 as is_weekend,
    fiscal_year, fiscal_quarter, fiscal_period, period_number as fiscal_period_number, start_date as fiscal_period_start_date,
    end_date as fiscal_period_end_date, datediff('day', start_date, day::date) + 1 as day_of_fiscal_period
from (
    select *, unnest(range(start_date, end_date + 1, interval 1 day)) as day
    from read_csv(getvariable('seeds') || '/fiscal_period.csv', types = {'fiscal_period': 'varchar'})
);

create table dim_sla_calendar as
select region, calendar_date, day_key(calendar_date) as date_key, time_zone, holiday_name is not null as is_holiday, holiday_name,
    opens_at is not null as is_business_day, opens_at, closes_at, coalesce(seconds(opens_at, closes_at), 0) as business_seconds,
    (sum(business_seconds) over (partition by region order by calendar_date) - business_seconds)::bigint as business_seconds_before
from read_csv(getvariable('seeds') || '/sla_calendar.csv');

create table dim_currency as select currency as currency_code, numeric_code, currency_name, minor_units from coin;
create table dim_discount_type as select code as discount_type, * exclude (code) from taxonomy;
create table dim_chain_class as from read_csv(getvariable('seeds') || '/chain_class.csv');
