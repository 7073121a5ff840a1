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

-- Subscriptions and assets.
create table fact_subscription as
with activated as (
    select subscription_id, arg_max((event_time, event_id, said), v) as last from (
        select aggregate_id as subscription_id, event_time, event_id, aggregate_version as v, from_json(payload, payload_type('BillingActivated')) as said
        from events('billing', 'BillingActivated') anti join stale using (arrival_seq)
    ) group by all
), failed as (
    select subscription_id, arg_max((event_time, event_id, said), v) as last from (
        select aggregate_id as subscription_id, event_time, event_id, aggregate_version as v, from_json(payload, payload_type('BillingHandoffFailed')) as said
        from events('billing', 'BillingHandoffFailed') anti join stale using (arrival_seq)
    ) group by all
), joined as (
    select subscription_id, if(activated.last is null, 'handoff_failed', 'active') as subscription_state,
        coalesce(activated.last[3].orderId, failed.last[3].orderId) as order_id,
        coalesce(activated.last[3].orderItemId, failed.last[3].orderItemId) as order_item_id, activated.last[3] as said, activated.last[1] as activated_at,
        failed.last[1] as last_handoff_failed_at, failed.last[3].reasonCode as last_handoff_failure_code,
        coalesce(activated.last[2], failed.last[2]) as source_event_id
    from activated full join failed using (subscription_id)
)
select joined.* exclude (said, source_event_id), said.assetId as asset_id, said.accountId as account_id, said.billingAccountId as billing_account_id,
    said.currency as currency, said.recurringNetAmount as recurring_net_amount, said.billingFrequency as billing_frequency,
    getvariable('reporting_currency') as reporting_currency,
    case when said.currency = reporting_currency then 'PAR:' || said.currency else rate_id end as reporting_rate_id,
    case when said.currency = reporting_currency then 1 else exchange_rate end::decimal(28, 12) as reporting_rate,
    to_reporting(said.recurringNetAmount, said.currency, from_rate, to_rate) as reporting_recurring_net_amount, said.startDate::date as start_date,
    said.endDate::date as end_date, day_key(activated_at) as activated_date_key, joined.source_event_id, has_gap, has_stale_event, has_open_conflict
from joined
left join rate on rate.currency = said.currency and rate.day = activated_at::date
left join flags on flags.aggregate_type = 'Subscription' and flags.aggregate_id = subscription_id;

create temp table asset_event as
select aggregate_id as asset_id, event_type, event_time, event_id, aggregate_version as v, from_json(payload, '{asset_event}') as said
from events('asset', 'Asset*') anti join stale using (arrival_seq);

create table fact_asset_state as
with carried as (
    select *, lead(event_time) over asset as valid_to, last(v) over (asset rows between unbounded preceding and unbounded following) = v as is_current,
        last(case event_type when 'AssetCreated' then 'active' when 'AssetTerminated' then 'terminated' end ignore nulls) over so_far as asset_state,
        last(said.quantity ignore nulls) over so_far as quantity, last(said.recurringNetAmount ignore nulls) over so_far as recurring_net_amount,
        last(said.orderId ignore nulls) over so_far as last_order_id, last(said.orderItemId ignore nulls) over so_far as last_order_item_id,
        last(said.reasonCode ignore nulls) over so_far as reason_code,
        last(case when event_type = 'AssetCreated' then said end ignore nulls)
            over (asset rows between unbounded preceding and unbounded following) as made
    from asset_event
    window asset as (partition by asset_id order by v), so_far as (partition by asset_id order by v rows between unbounded preceding and current row)
)
select asset_id, v as asset_version, lower(substr(event_type, 6)) as event_name, made.accountId as account_id, made.billingAccountId as billing_account_id,
    made.productOfferingId as product_offering_id, made.orderId as order_id, made.orderItemId as order_item_id, made.startDate::date as start_date,
    asset_state, quantity, made.currency as currency, recurring_net_amount, last_order_id, last_order_item_id,
    case when asset_state = 'terminated' then reason_code end as termination_reason_code, event_time as valid_from,
    day_key(event_time) as valid_from_date_key, valid_to, is_current, coalesce(valid_to < event_time, false) as has_time_defect,
    event_id as source_event_id, has_gap, has_stale_event, has_open_conflict
from carried left join flags on flags.aggregate_type = 'Asset' and flags.aggregate_id = asset_id;
