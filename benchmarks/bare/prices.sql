-- Each captured line priced again: by the price that it was pinned to, and by the current one.
create temp macro minor(amount, places) as case places when 0 then round(amount, 0)::decimal(18, 4) when 1 then round(amount, 1)::decimal(18, 4)
    when 2 then round(amount, 2)::decimal(18, 4) when 3 then round(amount, 3)::decimal(18, 4) when 4 then amount end;

-- Amounts of the steps of a chain, in 10^-4: a step of what is left needs all that went before it.
create temp macro walked(steps, start) as list_reduce(
    steps,
    lambda kept, s: {
        'amount': s.amount, 'percent': s.percent,
        'remaining': kept.remaining + coalesce(s.amount, case when abs(kept.remaining) < 1000000000000000000
            then (2 * kept.remaining * s.percent + sign(kept.remaining) * sign(s.percent) * 1000000) // 2000000 end),
        'amounts': list_append(kept.amounts, coalesce(s.amount, case when abs(kept.remaining) < 1000000000000000000
            then (2 * kept.remaining * s.percent + sign(kept.remaining) * sign(s.percent) * 1000000) // 2000000 end))
    },
    {'amount': 0::hugeint, 'percent': 0::hugeint, 'remaining': units(start), 'amounts': []::hugeint[]}
).amounts;

-- Of each entry of the pinned price book what was said by the time of pricing of the latest day that had begun.
create temp table pinned as
with said as (
    select quote_id, quote_revision, line.lineId as line_id, priced_at, price.entry_id,
        arg_min((price.event_id, listUnitPrice, stated_valid_to),
            (if(price.event_time <= priced_at, 0, price.v), -epoch_us(valid_from), -price.v)) as last
    from line
    join price on priceBookVersion = price_book_version and price.productOfferingId = line.productOfferingId and price.currency = line.currency
        and price.chargeType = line.chargeType and priced_at >= valid_from
    group by all
)
select quote_id, quote_revision, line_id, count(*) as entries, min(entry_id) as entry_id, arg_min(last[1], entry_id) as event_id,
    arg_min(last[2], entry_id) as unit_price
from said where last[3] is null or priced_at < last[3] group by all;

create temp table step_list as
with step as (
    select quote_id, quote_revision, line_id, a.type as kind, waterfall_position, a.sequence as sequence, adjustment_number, a.basis as basis,
        a.basisAmount as basis_amount, a.amount as amount, a.percent as stated,
        case when a.amount < 0 then -abs(a.percent) when a.amount > 0 then abs(a.percent) else a.percent end as percent,
        coalesce(upper(a.basis) = 'RUNNING' or (upper(a.basis) in ('REGULAR', 'CUSTOMER', 'PARTNER') and a.basisAmount is null), false) as is_of_rest
    from adjustment left join taxonomy on code = a.type
)
select quote_id, quote_revision, line_id, bool_or(kind = 'ROUNDING') as is_rounded,
    bool_or(stated is not null and kind <> 'ROUNDING' and coalesce(upper(basis) <> 'LIST', true) and basis_amount is null and not is_of_rest)
        as has_unknown_basis,
    list({
        'kind': kind, 'is_of_list': stated is not null and coalesce(upper(basis) = 'LIST', false), 'percent': percent, 'is_of_rest': is_of_rest,
        'amount': case when stated is null then amount when coalesce(upper(basis) <> 'LIST', true) and not is_of_rest
            then product_of(basis_amount, percent, 0.01) end
    } order by waterfall_position, sequence, adjustment_number) filter (where kind <> 'ROUNDING') as steps
from step group by all;

create temp table replay_input as
with latest as (
    select product_offering_id, currency, charge_type,
        arg_max((price_book_version, list_unit_price), (valid_from, price_book_version, price_book_entry_id)) as last
    from dim_price_book_entry where is_current group by all
)
select line.quote_id, line.quote_revision, line.line.lineId as line_id, pricing_engine_version, line.line.quantity as quantity,
    coalesce(line.line.termPeriods, 1) as periods, coalesce(line.line.prorationFactor, 1) as factor, minor_units, coalesce(is_rounded, false) as is_rounded,
    coalesce(steps, []) as steps, pinned.entry_id, pinned.event_id, pinned.unit_price as pinned_unit_price, latest.last[1] as current_version,
    latest.last[2] as current_unit_price,
    case when minor_units is null then 'UNKNOWN_CURRENCY' when entries is null then 'NO_PRICE_BOOK_ENTRY'
        when entries > 1 then 'AMBIGUOUS_PRICE_BOOK_ENTRY'
        when header.kind = 'AMENDMENT' and line.line.listUnitPrice = 0 and line.line.netAmount = 0 and pinned.unit_price <> 0 then 'REMOVED_LINE'
        when has_unknown_basis then 'UNKNOWN_BASIS' end as missing_input
from line
left join quote_header on quote_header.quote_id = line.quote_id
left join coin on coin.currency = line.currency
left join pinned on pinned.quote_id = line.quote_id and pinned.quote_revision = line.quote_revision and pinned.line_id = line.line.lineId
left join latest on latest.product_offering_id = line.line.productOfferingId and latest.currency = line.currency
    and latest.charge_type = line.line.chargeType
left join step_list on step_list.quote_id = line.quote_id and step_list.quote_revision = line.quote_revision and step_list.line_id = line.line.lineId;

create temp table replay as
with priced as (
    select quote_id, quote_revision, line_id, basis, steps, is_rounded, minor_units, factor, product_of(quantity, unit_price, periods) as list_price
    from (
        select *, unnest(['PINNED', 'CURRENT']) as basis, unnest([pinned_unit_price, current_unit_price]) as unit_price
        from replay_input where missing_input is null
    ) where unit_price is not null
), prorated as (
    select *, converted(list_price, 1::decimal(18, 8), factor) as prorated_list from priced
), walked_steps as (
    select *, list_transform(walked(list_transform(steps, lambda s: {
            'amount': units(if(s.is_of_list, product_of(prorated_list, s.percent, 0.01), s.amount)),
            'percent': case when s.is_of_rest then units(s.percent) end, 'remaining': null::hugeint, 'amounts': null::hugeint[]
        }), prorated_list), lambda x: amount_of(x)) as amounts
    from prorated
), summed as (
    select * exclude (steps, amounts), list_transform({chain_types}, lambda kind: money(coalesce(list_sum(list_transform(
            list_filter(list_zip(steps, amounts), lambda s: s[1].kind = kind), lambda s: s[2])), 0))) as by_type,
        case when len(list_filter(amounts, lambda x: x is null)) = 0 then money(prorated_list + coalesce(list_sum(amounts), 0)) end as unrounded
    from walked_steps
)
select quote_id, quote_revision, line_id, basis, if(is_rounded, minor(unrounded, minor_units), unrounded) as net_price,
    list_concat([list_price, prorated_list], by_type, [if(is_rounded, net_price - unrounded, 0), net_price]) as components
from summed;

create table fact_price_replay as
with compared as (
    select captured.*, replay_input.* exclude (quote_id, quote_revision, line_id, steps), pinned.components as replayed, latest.net_price as current_net,
        list_transform(
            list_zip([list_price_amount, prorated_list_amount, {chain_amounts}, rounding_amount, net_price_amount], pinned.components),
            lambda x: money(minor(x[1], minor_units) - minor(x[2], minor_units))
        ) as difference
    from fact_quote_line_price as captured
    join replay_input on replay_input.quote_id = captured.quote_id and replay_input.quote_revision = captured.quote_revision and line_id = quote_line_id
    left join replay as pinned on pinned.quote_id = captured.quote_id and pinned.quote_revision = captured.quote_revision
        and pinned.line_id = quote_line_id and pinned.basis = 'PINNED'
    left join replay as latest on latest.quote_id = captured.quote_id and latest.quote_revision = captured.quote_revision
        and latest.line_id = quote_line_id and latest.basis = 'CURRENT'
), judged as (
    select *,
        coalesce(missing_input, case when len(list_filter(difference, lambda x: x is null)) > 0 then 'AMOUNT_TOO_LARGE' end) as not_replayable_reason,
        not_replayable_reason is null as is_replayed,
        case when is_replayed then nullif(array_to_string(list_transform(list_filter(list_zip(
            ['list_price', 'prorated_list', {chain_names}, 'rounding', 'net_price'], difference), lambda x: x[2] <> 0), lambda x: x[1]), '|'), '') end
            as mismatched_components
    from compared
)
select quote_id, quote_revision, quote_line_id, product_offering_id, charge_type, price_book_version, pricing_engine_version, policy_version,
    entry_id as price_book_entry_id, event_id as price_book_event_id, priced_date_key, as_of() as replayed_as_of,
    case when not is_replayed then 'NOT_REPLAYABLE' when mismatched_components is not null then 'MISMATCH' else 'MATCH' end as replay_status,
    not_replayable_reason, mismatched_components, currency, list_unit_price, pinned_unit_price, net_price_amount,
    case when is_replayed then replayed[1] end as replayed_list_price_amount, case when is_replayed then replayed[2] end as replayed_prorated_list_amount,
    case when is_replayed then replayed[-1] end as replayed_net_price_amount,
    {chain_differences},
    current_version as current_price_book_version, current_unit_price, current_net as current_net_price_amount,
    money(minor(current_net, minor_units) - minor(net_price_amount, minor_units)) as price_drift_amount, price_drift_amount <> 0 as has_price_drift,
    source_event_id, has_gap, has_stale_event, has_open_conflict
from judged;

-- Lines that a standing approval covers, and down to which net.
create temp table accepted as
select quote_id, arg_max((quote_revision, accepted_at), (accepted_at, quote_revision)) as last, last[1] as quote_revision, last[2] as accepted_at
from revision where accepted_at is not null group by quote_id;

create temp table line_approval as
with judged as (
    select request.*, coalesce(decision = 'APPROVED' and len(floors) > 0, false) as names_floors,
        holds_at(decision, decided_at, valid_until, recalled_at, invalidated_at, coalesce(accepted_at, rejected_at, expired_at, cancelled_at, as_of()))
            and coalesce(decided_by <> requested_by, true) as is_standing
    from request join revision using (quote_id, quote_revision)
), covered as (
    select quote_id, quote_revision, submission_sequence, line.lineId as line_id, approval_request_id,
        case when not is_standing then null
            when names_floors then list_max(list_transform(list_filter(floors, lambda f: f.lineId = line.lineId), lambda f: f.netAmount))
            when priced_at <= decided_at then line.netAmount end as floor_amount
    from judged join line using (quote_id, quote_revision)
), submitted as (
    select quote_id, quote_revision, line_id, submission_sequence, max(floor_amount) as floor_amount, texts(list(approval_request_id)) as request_ids
    from covered group by all having count(*) = count(floor_amount)
)
select quote_id, quote_revision, line_id, arg_min((submission_sequence, request_ids, floor_amount), (floor_amount, -submission_sequence)) as best
from submitted group by all;

create temp table policy as
select said.policyVersion as policy_version, arg_min_null(said.leakageTypes, (-v, id)) as types,
    arg_min_null(said.marginGuardrailPercent, (id, -v)) as guardrail
from (
    select aggregate_id as id, aggregate_version as v, from_json(payload, payload_type('ApprovalPolicyPublished')) as said
    from events('reference', 'ApprovalPolicyPublished') anti join stale using (arrival_seq)
) group by all;

create table fact_discount_leakage as
with lowering as (
    select quote_id, quote_revision, line_id, a.amount as amount, counts_to_leakage or coalesce(list_contains(types, a.type), false) as is_in_scope,
        not counts_to_leakage and coalesce(len(types), 0) = 0 as is_undecided
    from adjustment join taxonomy on code = a.type
    left join policy on policy.policy_version = coalesce(a.policyVersion, adjustment.policy_version)
    where a.amount < 0 and (counts_to_leakage or counts_to_leakage_if_listed)
), scope as (
    select quote_id, quote_revision, line_id, money(sum(if(is_in_scope, amount, 0))) as scope_adjustment_amount, bool_or(is_in_scope) as is_in_scope,
        bool_or(is_undecided) as is_undecided
    from lowering group by all having bool_or(is_in_scope or is_undecided)
), joined as (
    select l.*, accepted.accepted_at, best, scope_adjustment_amount, best is not null as has_valid_approval, coalesce(scope.is_in_scope, false) as is_in_scope,
        coalesce(is_undecided and not scope.is_in_scope, false) as is_undecided, if(best is not null, best[3], floor_amount) as minimum_amount,
        case when is_undecided then 'UNKNOWN_POLICY' when is_in_scope and minimum_amount is null then 'NO_FLOOR' end as not_assessable_reason,
        case when is_in_scope and minimum_amount is not null then money(greatest(minimum_amount - net_price_amount, 0)) end as leakage_amount,
        case when is_in_scope then prorated_list_amount end as scope_list_amount, request.has_gap as r_gap, request.has_stale_event as r_stale,
        request.has_open_conflict as r_conflict
    from fact_quote_line_price as l
    join accepted on accepted.quote_id = l.quote_id and accepted.quote_revision = l.quote_revision
    left join line_approval as a on a.quote_id = l.quote_id and a.quote_revision = l.quote_revision and a.line_id = quote_line_id
    left join scope on scope.quote_id = l.quote_id and scope.quote_revision = l.quote_revision and scope.line_id = quote_line_id
    left join revision_approval as request on request.quote_id = l.quote_id and request.quote_revision = l.quote_revision
)
select quote_id, quote_revision, quote_line_id, charge_type, account_id, product_offering_id, product_family, region, channel, policy_version, accepted_at,
    day_key(accepted_at) as accepted_date_key, month_of(accepted_at) as period,
    case when not_assessable_reason is not null then 'NOT_ASSESSABLE' when not is_in_scope then 'OUT_OF_SCOPE' when leakage_amount > 0 then 'LEAKED'
        else 'AUTHORISED' end as assessment,
    not_assessable_reason, is_in_scope, has_valid_approval, best[1] as approval_submission_sequence, best[2] as approval_request_ids,
    case when has_valid_approval then 'APPROVED_FLOOR' when floor_amount is not null then 'POLICY_FLOOR' end as minimum_basis, joined.currency,
    prorated_list_amount, net_price_amount, floor_amount as policy_floor_amount, best[3] as approved_floor_amount,
    minimum_amount as authorised_minimum_amount, scope_adjustment_amount, scope_list_amount, leakage_amount,
    case when leakage_amount is not null then money(least(leakage_amount, -scope_adjustment_amount)) end as scope_leakage_amount,
    joined.reporting_currency, case when joined.currency = joined.reporting_currency then 'PAR:' || joined.currency else rate_id end as reporting_rate_id,
    case when joined.currency = joined.reporting_currency then 1 else exchange_rate end::decimal(28, 12) as reporting_rate,
    to_reporting(scope_list_amount, joined.currency, from_rate, to_rate) as reporting_scope_list_amount,
    to_reporting(leakage_amount, joined.currency, from_rate, to_rate) as reporting_leakage_amount, source_event_id,
    has_gap or coalesce(r_gap, false) as has_gap, has_stale_event or coalesce(r_stale, false) as has_stale_event,
    has_open_conflict or coalesce(r_conflict, false) as has_open_conflict
from joined left join rate on rate.currency = joined.currency and rate.day = accepted_at::date;
