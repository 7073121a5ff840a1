-- What was accepted, what became of it, and the lines that a close freezes. No period is closed where this is measured.
create temp macro key(a, b, c, d) as concat_ws('|', escaped(coalesce(a, '')), escaped(coalesce(b, '')), escaped(coalesce(c, '')), d);

create table closable_line as
select 'accepted_quote_line' as line_type, key(quote_id, quote_revision::varchar, quote_line_id, escaped(coalesce(charge_type, ''))) as line_key, region,
    currency, net_price_amount as amount, accepted_at as happened_at, source_event_id
from fact_discount_leakage
union all
select 'order_line', concat_ws('|', escaped(order_id), escaped(coalesce(order_item_id, ''))), region, currency, net_amount, submitted_at, source_event_id
from fact_order_line
union all
select 'invoice_line', key(document_type, document_id, invoice_line_id, null), dim_account.region, currency, net_amount, issued_at, b.source_event_id
from fact_invoice_line as b left join dim_account using (account_id);

create temp table acceptance as
with parsed as (
    select aggregate_id as quote_id, event_id, source_system, event_time, aggregate_version as v, from_json(payload, payload_type('QuoteAccepted')) as said
    from events('quote', 'QuoteAccepted') anti join stale using (arrival_seq)
), last_said as (
    select quote_id, said.quoteRevision as quote_revision, max(v) as v, arg_max((said, event_time, event_id, source_system), v) as last
    from parsed group by all
), shown as (
    select quote_id, quote_revision, max(pricing.v) as pricing_v
    from last_said join pricing using (quote_id) where quoteRevision = quote_revision and pricing.v < last_said.v group by all
)
select quote_id, quote_revision, coalesce(quote_revision = accepted.quote_revision, false) as is_in_force, last_said.v, last_said.last[1] as said,
    last_said.last[2] as accepted_at, last_said.last[3] as event_id, last_said.last[4] as source_system, pricing_v
from last_said left join shown using (quote_id, quote_revision) left join accepted using (quote_id);

create table audit_accepted_line as
with shown as (
    select a.*, p.currency, p.catalogVersion as catalog_version, p.priceBookVersion as price_book_version, p.pricingEngineVersion as pricing_engine_version,
        p.policyVersion as policy_version, p.priced_at, p.source_event_id as pricing_event_id, unnest(p.lines) as l
    from acceptance as a join pricing as p on p.quote_id = a.quote_id and p.v = a.pricing_v
), added as (
    select *, money(coalesce(list_sum(list_transform(l.adjustments, lambda x: x.amount)), 0)) as adjustment_amount from shown
)
select added.quote_id, added.quote_revision, l.lineId as quote_line_id, l.parentLineId as parent_quote_line_id, is_in_force,
    said.evidenceSha256 as evidence_sha256, added.accepted_at, added.event_id as acceptance_event_id, priced_at, pricing_event_id,
    l.productOfferingId as product_offering_id, l.chargeType as charge_type, l.quantity as quantity, l.termPeriods as term_periods,
    l.listUnitPrice as list_unit_price, l.prorationFactor as proration_factor, added.currency, l.proratedListAmount as prorated_list_amount,
    coalesce(len(l.adjustments), 0)::integer as adjustment_count, adjustment_amount, l.netAmount as shown_net_price_amount,
    money(l.proratedListAmount + adjustment_amount) as calculated_net_price_amount, l.taxDisplayAmount as tax_display_amount,
    texts(list_transform(l.adjustments, lambda x: x.type)) as adjustment_types, added.catalog_version, added.price_book_version,
    added.pricing_engine_version, added.policy_version,
    texts(list_transform(l.adjustments, lambda x: coalesce(x.policyVersion, added.policy_version))) as adjustment_policy_versions,
    (select max(semantic_version)::integer from taxonomy) as taxonomy_version, today.net_price_amount as current_net_price_amount,
    today.source_event_id as current_pricing_event_id, coalesce(today.source_event_id <> pricing_event_id, true) as is_priced_again
from added
left join fact_quote_line_price as today on today.quote_id = added.quote_id and today.quote_revision = added.quote_revision and today.quote_line_id = l.lineId;

create table audit_later_change as
with committed as (
    select a.quote_id, a.quote_revision, order_id from acceptance as a join orders on header.quoteId = a.quote_id where is_in_force
), happened as (
    select quote_id, quote_revision, 'QUOTE' as change_kind, event_type, e.source_system, e.event_id, event_time as happened_at, 'Quote' as aggregate_type,
        aggregate_id
    from events('quote', '*') as e anti join stale using (arrival_seq) join acceptance as a on a.quote_id = aggregate_id and aggregate_version > a.v
    union all
    select a.quote_id, a.quote_revision, 'APPROVAL', event_type, e.source_system, e.event_id, event_time, 'ApprovalRequest', aggregate_id
    from events('approval', '*') as e anti join stale using (arrival_seq)
    join request on approval_request_id = aggregate_id
    join acceptance as a on a.quote_id = request.quote_id and a.quote_revision = request.quote_revision and event_time > a.accepted_at
    union all
    select quote_id, quote_revision, 'ORDER', event_type, source_system, event_id, event_time, 'Order', aggregate_id
    from events('order', 'OrderCancellation*') anti join stale using (arrival_seq) join committed on order_id = aggregate_id
    union all
    select quote_id, quote_revision, 'ASSET', event_type, source_system, event_id, event_time, 'Asset', aggregate_id
    from events('asset', '*') anti join stale using (arrival_seq) join asset on asset_id = aggregate_id join committed using (order_id)
    where event_type in ('AssetChanged', 'AssetTerminated')
)
select quote_id, quote_revision, key(change_kind, source_system, event_id, null) as later_change_id, change_kind, event_type, event_id, happened_at,
    aggregate_type, aggregate_id, event_type <> 'QuoteConversionAttempted' as is_alteration, null::varchar as currency, null::decimal(18, 4) as amount,
    null::varchar as original_period, null::varchar as booked_period
from happened
union all
select c.quote_id, c.quote_revision, key('CREDIT', document_id, currency, null), 'CREDIT', 'CreditNoteIssued', source_event_id, min(issued_at), 'CreditNote',
    document_id, true, currency, money(sum(net_amount)), null, null
from committed as c join fact_invoice_line using (order_id) where document_type = 'CREDIT_NOTE'
group by c.quote_id, c.quote_revision, document_id, source_event_id, currency;

create table audit_accepted_commitment as
with shown as (
    select quote_id, quote_revision, min(currency) as currency, count(*) as line_count,
        money(sum(if(charge_type = 'ONE_TIME', prorated_list_amount, 0))) as one_time_list_amount,
        money(sum(if(charge_type = 'ONE_TIME', shown_net_price_amount, 0))) as one_time_net_amount,
        money(sum(if(charge_type = 'RECURRING', prorated_list_amount, 0))) as recurring_list_amount,
        money(sum(if(charge_type = 'RECURRING', shown_net_price_amount, 0))) as recurring_net_amount,
        money(sum(if(charge_type = 'USAGE', prorated_list_amount, 0))) as usage_list_amount,
        money(sum(if(charge_type = 'USAGE', shown_net_price_amount, 0))) as usage_net_amount, money(sum(tax_display_amount)) as tax_display_amount,
        count(*) filter (where coalesce(calculated_net_price_amount <> shown_net_price_amount, true)) as miscalculated_line_count,
        count(*) filter (where is_priced_again) as line_priced_again_count, min(priced_at) as priced_at, min(pricing_event_id) as pricing_event_id,
        min(catalog_version) as catalog_version, min(price_book_version) as price_book_version, min(pricing_engine_version) as pricing_engine_version,
        min(policy_version) as policy_version, min(taxonomy_version) as taxonomy_version
    from audit_accepted_line group by all
), submitted as (
    select quote_id, quote_revision, arg_max((submission_sequence, is_approval_required, policy_version), submission_sequence) as last
    from fact_approval_submission group by all
), approved as (
    select quote_id, quote_revision, count(*) filter (where decision = 'APPROVED') as approvals, count(*) filter (where is_valid_at_acceptance) as valid,
        count(*) filter (where submission_sequence = last[1] and not coalesce(is_valid_at_acceptance, false)) as missing,
        texts(list(decided_by) filter (where is_valid_at_acceptance)) as approved_by
    from fact_approval_step left join submitted using (quote_id, quote_revision) group by quote_id, quote_revision
), changed as (
    select quote_id, quote_revision, count(*) as changes, count(*) filter (where is_alteration) as alterations from audit_later_change group by all
), held as (
    select a.quote_id, a.quote_revision, texts(list(order_id) filter (where leg = 'quote_order')) as order_ids,
        count(*) filter (where leg = 'quote_order' and is_break) as order_breaks,
        count(*) filter (where leg = 'quote_order' and leg_class <> 'timing') as order_settled,
        money(sum(over_net_amount) filter (where leg = 'quote_order' and is_break and l.currency = shown.currency)) as order_over,
        money(sum(under_net_amount) filter (where leg = 'quote_order' and is_break and l.currency = shown.currency)) as order_under,
        count(*) filter (where leg = 'order_billing' and is_break) as billing_breaks,
        count(*) filter (where leg = 'order_billing' and leg_class <> 'timing') as billing_settled,
        money(sum(over_net_amount) filter (where leg = 'order_billing' and is_break and l.currency = shown.currency)) as billing_over,
        money(sum(under_net_amount) filter (where leg = 'order_billing' and is_break and l.currency = shown.currency)) as billing_under
    from acceptance as a join fact_commercial_leg as l on l.quote_id = a.quote_id
    left join shown on shown.quote_id = a.quote_id and shown.quote_revision = a.quote_revision
    where is_in_force group by all
)
select quote_id, quote_revision, is_in_force, said.evidenceSha256 as evidence_sha256, accepted_at, said.acceptedBy as accepted_by,
    said.contractTerms.billingFrequency as billing_frequency, said.contractTerms.startDate as contract_start_date,
    said.contractTerms.endDate as contract_end_date, source_system as acceptance_source_system, event_id as acceptance_event_id,
    shown.* exclude (quote_id, quote_revision, line_count, miscalculated_line_count, line_priced_again_count), coalesce(line_count, 0) as line_count,
    coalesce(miscalculated_line_count, 0) as miscalculated_line_count, coalesce(line_priced_again_count, 0) as line_priced_again_count,
    submitted.last[2] as is_approval_required, submitted.last[3] as approval_policy_version, coalesce(approvals, 0) as approval_count,
    coalesce(valid, 0) as valid_approval_count, coalesce(missing, 0) as missing_approval_count, approved_by, coalesce(changes, 0) as later_change_count,
    coalesce(alterations, 0) as alteration_count, 0 as period_adjustment_count, order_ids,
    case when order_breaks > 0 then false when order_settled > 0 then true end as is_order_faithful, coalesce(order_breaks, 0) as order_break_count,
    coalesce(order_over, 0) as order_over_net_amount, coalesce(order_under, 0) as order_under_net_amount,
    case when billing_breaks > 0 then false when billing_settled > 0 then true end as is_billing_faithful, coalesce(billing_breaks, 0) as billing_break_count,
    coalesce(billing_over, 0) as billing_over_net_amount, coalesce(billing_under, 0) as billing_under_net_amount, has_gap, has_stale_event, has_open_conflict
from acceptance
left join shown using (quote_id, quote_revision)
left join submitted using (quote_id, quote_revision)
left join approved using (quote_id, quote_revision)
left join changed using (quote_id, quote_revision)
left join held using (quote_id, quote_revision)
left join flags on flags.aggregate_type = 'Quote' and flags.aggregate_id = quote_id;
