-- Quotes.
create temp table quote_header as
select aggregate_id as quote_id, arg_max(from_json(payload, payload_type('QuoteCreated')), aggregate_version) as header,
    arg_max(event_time, aggregate_version) as created_at
from events('quote', 'QuoteCreated') anti join stale using (arrival_seq) group by all;

-- What moves the status of a revision, and of the rest what its lifecycle shows; one pass.
create temp table revision as
with happened as (
    select aggregate_id as quote_id, event_id, event_time, aggregate_version as v,
        from_json(payload, '{"quoteRevision":"BIGINT","outcome":"VARCHAR","acceptedBy":"VARCHAR"}') as said,
        case when event_type in ('QuoteConfigurationValidated', 'QuoteConversionAttempted') then null
            when event_type in ('QuoteCreated', 'QuoteRevised') then 'CREATED'
            when event_type = 'QuoteSubmittedForApproval' then 'SUBMITTED' else upper(substr(event_type, 6)) end as status,
        status in ('ACCEPTED', 'REJECTED', 'EXPIRED', 'CANCELLED') as is_end, event_type
    from events('quote', 'Quote*') anti join stale using (arrival_seq)
), folded as (
    select quote_id, said.quoteRevision as quote_revision,
        arg_min(event_time, v) filter (where status = 'CREATED') as created_at,
        arg_max(event_time, v) filter (where event_type = 'QuoteConfigurationValidated' and said.outcome = 'VALID') as configured_at,
        arg_min(event_time, v) filter (where status = 'PRICED') as first_priced_at,
        arg_max(event_time, v) filter (where status = 'PRICED') as priced_at,
        arg_min(event_time, v) filter (where status = 'SUBMITTED') as first_submitted_at,
        arg_max(event_time, v) filter (where status = 'SUBMITTED') as submitted_at,
        arg_max(event_time, v) filter (where status = 'APPROVED') as approved_at,
        arg_max(event_time, v) filter (where status = 'SENT') as sent_at,
        arg_max(event_time, v) filter (where status = 'ACCEPTED') as accepted_at,
        arg_max(event_time, v) filter (where status = 'REJECTED') as rejected_at,
        arg_max(event_time, v) filter (where status = 'EXPIRED') as expired_at,
        arg_max(event_time, v) filter (where status = 'CANCELLED') as cancelled_at,
        arg_min(event_time, v) filter (where event_type = 'QuoteConversionAttempted' and said.outcome = 'SUCCEEDED') as converted_at,
        arg_max(said.acceptedBy, v) filter (where status = 'ACCEPTED') as accepted_by,
        arg_max((status, event_time, event_id), (is_end, v)) filter (where status is not null) as last
    from happened group by all having count(status) > 0
)
select * exclude (last), last[1] as revision_status, last[2] as status_since, last[3] as source_event_id,
    last[1] in ('ACCEPTED', 'REJECTED', 'EXPIRED', 'CANCELLED') as is_ended,
    quote_revision = max(quote_revision) over (partition by quote_id) as is_latest_revision,
    lead(created_at) over (partition by quote_id order by quote_revision) as superseded_at,
    max(created_at) filter (where quote_revision = 1) over (partition by quote_id) as quote_created_at
from folded;

create temp table submission as
select aggregate_id as quote_id, said.quoteRevision as quote_revision, said.submissionSequence as submission_sequence, aggregate_version as v, event_time,
    event_id, said.approvalRequired as is_approval_required, said.policyVersion as policy_version, texts(said.reasonCodes) as reason_codes,
    said.reasonCodes as reasons
from (
    select *, from_json(payload, payload_type('QuoteSubmittedForApproval')) as said
    from events('quote', 'QuoteSubmittedForApproval') anti join stale using (arrival_seq)
);

create temp table pricing as
select aggregate_id as quote_id, event_id as source_event_id, event_time as priced_at, aggregate_version as v,
    unnest(from_json(payload, payload_type('QuotePriced')))
from events('quote', 'QuotePriced') anti join stale using (arrival_seq);

create table fact_quote_pricing_run as
with totalled as (
    select * exclude (lines), len(lines) as line_count,
        list_transform(['ONE_TIME', 'RECURRING', 'USAGE'], lambda kind: coalesce(
            list_sum(list_transform(list_filter(lines, lambda l: l.chargeType = kind), lambda l: l.netAmount)), 0)) as net,
        coalesce(list_sum(list_transform(lines, lambda l: cast('0x' || substr(md5(concat(
            coalesce(escaped(l.chargeType), '\N'), '|', coalesce(escaped(currency), '\N'), '|', coalesce(units(l.netAmount)::varchar, '\N'), '|',
            coalesce(escaped(l.lineId), '\N'))), 1, 15) as bigint)::hugeint)), 0)::decimal(38, 0) as net_hash
    from pricing
), numbered as (
    select *, row_number() over run as pricing_run_number, lag(net_hash) over run as hash_before
    from totalled window run as (partition by quote_id, quoteRevision order by v)
)
select quote_id, quoteRevision as quote_revision, pricing_run_number, pricing_run_number = 1 as is_first_of_revision, priced_at,
    day_key(priced_at) as priced_date_key, "trigger" as pricing_trigger, catalogVersion as catalog_version, priceBookVersion as price_book_version,
    pricingEngineVersion as pricing_engine_version, policyVersion as policy_version, currency, nullif(line_count, 0) as line_count,
    case when line_count > 0 then try_cast(net[1] as decimal(18, 4)) end as one_time_net_amount,
    case when line_count > 0 then try_cast(net[2] as decimal(18, 4)) end as recurring_net_amount,
    case when line_count > 0 then try_cast(net[3] as decimal(18, 4)) end as usage_net_amount,
    net_hash, case when pricing_run_number > 1 then net_hash <> hash_before end as is_net_changed, source_event_id,
    has_gap, has_stale_event, has_open_conflict
from numbered left join flags on flags.aggregate_type = 'Quote' and flags.aggregate_id = quote_id;

create temp table line as
select quote_id, quoteRevision as quote_revision, source_event_id, priced_at, catalogVersion as catalog_version,
    priceBookVersion as price_book_version, pricingEngineVersion as pricing_engine_version, policyVersion as policy_version, currency, unnest(lines) as line
from pricing semi join (select quote_id, max(v) as v from pricing group by quote_id, quoteRevision) as last using (quote_id, v);

create temp table adjustment as
select * exclude (line), line.lineId as line_id, line.chargeType as charge_type, unnest(line.adjustments) as a,
    generate_subscripts(line.adjustments, 1) as adjustment_number
from line;

create table fact_quote_line_adjustment as
select quote_id, quote_revision, line_id as quote_line_id, adjustment_number::integer as adjustment_number, a.sequence, a.type as adjustment_type,
    a.amount as adjustment_amount, a.basis, a.basisAmount as basis_amount, a.percent, a.reasonCode as reason_code, a.causeId as cause_id,
    coalesce(a.policyVersion, adjustment.policy_version) as policy_version, charge_type, adjustment.currency,
    getvariable('reporting_currency') as reporting_currency,
    case when adjustment.currency = reporting_currency then 'PAR:' || adjustment.currency else rate_id end as reporting_rate_id,
    case when adjustment.currency = reporting_currency then 1 else exchange_rate end::decimal(28, 12) as reporting_rate,
    case when adjustment.currency = reporting_currency then a.amount else converted(a.amount, from_rate, to_rate) end as reporting_adjustment_amount,
    day_key(priced_at) as priced_date_key, source_event_id, has_gap, has_stale_event, has_open_conflict
from adjustment
left join rate on rate.currency = adjustment.currency and rate.day = priced_at::date
left join flags on flags.aggregate_type = 'Quote' and flags.aggregate_id = quote_id;

create table fact_quote_line_price as
with summed as (
    select *, line.adjustments as adjustments, currency as currency_,
        coalesce(line.termPeriods, 1) as periods
    from line
), priced_line as (
    select *,
        product_of(line.quantity, line.listUnitPrice, periods) as list_price_amount,
        {adjustment_sums},
        {discount_sum} as discount_amount
    from summed
), joined as (
    select priced_line.*, rate.* exclude (currency), currency_ = getvariable('reporting_currency') as is_par
    from priced_line left join rate on rate.currency = currency_ and rate.day = priced_at::date
)
select joined.quote_id, joined.quote_revision, line.lineId as quote_line_id, line.parentLineId as parent_quote_line_id, header.quoteNumber as quote_number,
    header.accountId as account_id, line.productOfferingId as product_offering_id, product_family, header.region as region, header.channel as channel,
    line.chargeType as charge_type, joined.catalog_version, joined.price_book_version,
    joined.policy_version, line.quantity as quantity, line.termPeriods as term_periods, line.listUnitPrice as list_unit_price,
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
    revision_status, is_latest_revision, joined.source_event_id, has_gap, has_stale_event, has_open_conflict
from joined
left join quote_header on quote_header.quote_id = joined.quote_id
left join revision on revision.quote_id = joined.quote_id and revision.quote_revision = joined.quote_revision
left join offering on offering.product_offering_id = line.productOfferingId
left join flags on flags.aggregate_type = 'Quote' and flags.aggregate_id = joined.quote_id;

create table fact_configuration_attempt as
with attempt as (
    select aggregate_id as quote_id, event_id, event_time, aggregate_version as v,
        from_json(payload, payload_type('QuoteConfigurationValidated')) as said
    from events('quote', 'QuoteConfigurationValidated') anti join stale using (arrival_seq)
), found as (
    select *, said.quoteRevision as quote_revision, list_filter(said.errors, lambda e: e.severity = 'ERROR') as errors,
        list_filter(said.errors, lambda e: e.severity = 'WARNING') as warnings
    from attempt
)
select quote_id, quote_revision, row_number() over (partition by quote_id, quote_revision order by v) as attempt_number, event_time as attempted_at,
    day_key(event_time) as attempted_date_key, said.trigger as validation_trigger, said.outcome as outcome, coalesce(len(errors), 0) as error_count,
    coalesce(len(warnings), 0) as warning_count, error_count > 0 as has_error, texts(list_transform(errors, lambda e: e.ruleId)) as error_rule_ids,
    texts(list_transform(warnings, lambda e: e.ruleId)) as warning_rule_ids,
    case when said.trigger = 'USER' and row_number() over (partition by quote_id, quote_revision, said.trigger order by v) = 1
        then error_count = 0 end as is_first_pass,
    (said.outcome = 'INVALID') <> (error_count > 0) as is_outcome_contradicted, event_id as source_event_id, has_gap, has_stale_event, has_open_conflict
from found left join flags on flags.aggregate_type = 'Quote' and flags.aggregate_id = quote_id;

-- Calls under one key are one attempt: the first that succeeded concludes it, else the last that failed; else the last stands for it.
create table fact_quote_conversion_attempt as
with call as (
    select aggregate_id as quote_id, event_id, event_time, aggregate_version as v, from_json(payload, payload_type('QuoteConversionAttempted')) as said
    from events('quote', 'QuoteConversionAttempted') anti join stale using (arrival_seq)
), attempt as (
    select quote_id, said.idempotencyKey as idempotency_key, count(*) as call_count, arg_min(event_time, v) as attempted_at,
        arg_min(
            (said, event_time, event_id),
            case said.outcome when 'SUCCEEDED' then (0, v) when 'FAILED' then (1, -v) else (2, -v) end
        ) as shown,
        shown[1].outcome as outcome
    from call group by quote_id, idempotency_key
)
select attempt.quote_id, idempotency_key, shown[1].quoteRevision as quote_revision, attempted_at, day_key(attempted_at) as attempted_date_key, call_count,
    case when outcome in ('SUCCEEDED', 'FAILED') then outcome else 'UNKNOWN' end as outcome,
    case when attempt.outcome in ('SUCCEEDED', 'FAILED') then shown[2] end as concluded_at,
    case when attempt.outcome = 'SUCCEEDED' then shown[1].orderId end as order_id,
    case when attempt.outcome = 'FAILED' then shown[1].failureCode end as failure_code, accepted_at, day_key(accepted_at) as accepted_date_key,
    accepted_at is not null as is_accepted_revision,
    case when attempt.outcome = 'SUCCEEDED' and shown[2] >= accepted_at then seconds(accepted_at, shown[2]) end as conversion_seconds,
    shown[3] as source_event_id, has_gap, has_stale_event, has_open_conflict
from attempt
left join revision on revision.quote_id = attempt.quote_id and revision.quote_revision = shown[1].quoteRevision
left join flags on flags.aggregate_type = 'Quote' and flags.aggregate_id = attempt.quote_id;

-- An override holds from the event that applied it to the next event of the same one.
create table fact_policy_override as
with change as (
    select aggregate_id as quote_id, event_type = 'PolicyOverrideApplied' as applies, event_time, event_id, aggregate_version as v,
        unnest(from_json(payload, payload_type('PolicyOverrideApplied')))
    from events('quote', 'PolicyOverride*') anti join stale using (arrival_seq)
), held as (
    select *, lead(v) over (partition by quote_id, quoteRevision, lineId, policyId order by v) as next_v from change
), folded as (
    select held.quote_id, quoteRevision as quote_revision, lineId as quote_line_id, policyId as policy_id, arg_max(policyType, held.v) as policy_type,
        arg_min(held.event_time, held.v) as first_event_at, arg_min(held.event_time, held.v) filter (where applies) as first_applied_at,
        arg_max("by", held.v) filter (where applies) as applied_by, count(distinct held.v) filter (where applies) as applied_count,
        arg_max(held.event_time, held.v) filter (where not applies) as last_removed_at,
        arg_max("by", held.v) filter (where not applies) as last_removed_by, count(distinct held.v) filter (where not applies) as removed_count,
        arg_max(applies, held.v) as is_in_force, arg_min(submission.event_time, submission.v) as submitted_at,
        arg_max(held.event_id, held.v) as source_event_id
    from held
    left join submission on applies and submission.quote_id = held.quote_id and submission.quote_revision = quoteRevision and submission.v > held.v
        and (next_v is null or submission.v < next_v)
    group by all
)
select concat(coalesce(escaped(policy_id), '\N'), '|', escaped(quote_id), '|', coalesce(escaped(quote_line_id), '\N'), '|',
        coalesce(quote_revision::varchar, '\N')) as policy_override_id,
    folded.* exclude (source_event_id), day_key(first_event_at) as first_event_date_key, submitted_at is not null as is_in_force_at_submission,
    day_key(submitted_at) as submitted_date_key, source_event_id, has_gap, has_stale_event, has_open_conflict
from folded left join flags on flags.aggregate_type = 'Quote' and flags.aggregate_id = quote_id;
