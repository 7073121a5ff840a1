-- KPIs: each fact is read once for all that is counted of it. What is left out keeps its row, with the reason.
create temp macro seen(keep, measure, moment, numerator, denominator, seconds, split, exclusion) as {
    'keep': coalesce(keep, false), 'measure': measure, 'moment': moment::timestamp, 'numerator': numerator::decimal(18, 4),
    'denominator': denominator::decimal(18, 4), 'seconds': seconds::bigint, 'split': split::varchar, 'exclusion': exclusion::varchar,
    'from': null::timestamp, 'to': null::timestamp};
create temp macro rated(keep, measure, moment, is_met, exclusion) as seen(keep, measure, moment, coalesce(is_met, false)::integer, 1, null, '', exclusion);
create temp macro counted(keep, measure, moment, number, split) as seen(keep, measure, moment, number, 0, null, split, null);
create temp macro timed(keep, measure, moment, seconds, exclusion) as seen(keep, measure, moment, 0, 1, seconds, '', exclusion);
create temp macro worked(keep, measure, moment, begun, ended, exclusion) as {
    'keep': coalesce(keep, false), 'measure': measure, 'moment': moment::timestamp, 'numerator': 0::decimal(18, 4), 'denominator': 1::decimal(18, 4),
    'seconds': null::bigint, 'split': ''::varchar, 'exclusion': exclusion::varchar, 'from': begun::timestamp, 'to': ended::timestamp};

create temp table kpi as from read_csv(getvariable('seeds') || '/kpi_register.csv');
create temp table kpi_measure as from read_csv(getvariable('seeds') || '/kpi_measure.csv');
create temp macro window_of(id) as (select window_days * 86400 from kpi where kpi_id = id);

create temp table counted_quote as
with quote as (
    select *, revision_status in ('ACCEPTED', 'REJECTED', 'EXPIRED') as is_decided, revision_status = 'CANCELLED' as is_cancelled,
        case when quote_created_at is null then 'creation_missing' when has_time_defect then 'time_defect' end as defect
    from fact_quote_lifecycle where is_latest_revision
), run as (
    select quote_id, quote_revision, min(priced_at) filter (where is_first_of_revision) as first_priced_at, count(*) - 1 as recalculations,
        count(*) filter (where is_net_changed) as effective
    from fact_quote_pricing_run group by all
), approved as (
    select quote_id, quote_revision, min(final_decided_at) as approved_at, min(invalidated_at) as invalidated_at,
        arg_min_null(invalidation_reason, (coalesce(invalidated_at, '9999-12-31'::timestamp), submission_sequence)) as reason
    from fact_approval_submission where decision = 'APPROVED' group by all
), stale_approval as (
    select l.quote_id, coalesce(a.approved_at, l.approved_at) as moment, a.quote_id is null as is_unasked, reason,
        coalesce(a.invalidated_at < coalesce(accepted_at, '9999-12-31'::timestamp) and a.invalidated_at < coalesce(converted_at, '9999-12-31'::timestamp)
            and seconds(a.approved_at, a.invalidated_at) <= window_of(6), false) as is_stale
    from fact_quote_lifecycle as l left join approved as a using (quote_id, quote_revision)
    where a.quote_id is not null or l.approved_at is not null
), ordered as (
    select quote_id, quote_revision, concluded_at as ordered_at from fact_quote_conversion_attempt where outcome = 'SUCCEEDED'
    union all select header.quoteId, header.quoteRevision, submitted_at from orders where header.quoteId is not null
), highest as (
    select quote_id, arg_max((quote_revision, accepted_at), quote_revision) as last, last[1] as revision, last[2] as accepted_at
    from fact_quote_lifecycle where accepted_at is not null group by quote_id
), converted_quote as (
    select h.quote_id, h.revision, h.accepted_at, count(o.quote_id) > 0 as has_order, bool_or(o.quote_revision <> h.revision) as has_wrong_revision,
        coalesce(seconds(h.accepted_at, min(ordered_at) filter (where o.quote_revision = h.revision and ordered_at >= h.accepted_at))
            <= window_of(7), false) as is_converted
    from highest as h left join ordered as o on o.quote_id = h.quote_id group by h.quote_id, h.revision, h.accepted_at
), valued as (
    select c.quote_id, c.revision, accepted_at, is_converted, count(distinct currency) as currencies, min(currency) as currency,
        count(*) = count(cost_amount) as is_cost_complete, sum(net_price_amount) as net, sum(cost_amount) as cost
    from converted_quote as c left join fact_quote_line_price as p on p.quote_id = c.quote_id and p.quote_revision = c.revision group by all
), by_currency as (
    select c.quote_id, accepted_at, is_converted, currency, sum(net_price_amount) as net
    from converted_quote as c join fact_quote_line_price as p on p.quote_id = c.quote_id and p.quote_revision = c.revision group by all
), granted as (
    select distinct quote_id, quote_revision as revision from fact_approval_step where is_valid_at_acceptance
), submitted as (
    select quote_id, quote_revision as revision, arg_max(policy_version, submission_sequence) as policy_version from fact_approval_submission group by all
), margin as (
    select valued.*, granted.quote_id is not null as is_approved, (net - cost) * 100 < guardrail * net as is_exception,
        case when not is_cost_complete or not net > 0 or currencies <> 1 then 'unknown_margin' when guardrail is null then 'unknown_guardrail' end as exclusion
    from valued left join submitted using (quote_id, revision) left join policy using (policy_version) left join granted using (quote_id, revision)
), observed as (
    select quote_id, null::varchar as order_id, unnest([
        timed(is_decided or is_cancelled, 'quote_cycle_time', status_since, cycle_seconds, if(is_decided, defect, 'cancelled')),
        worked(is_decided or is_cancelled, 'quote_cycle_business_time', status_since, quote_created_at, status_since, if(is_decided, defect, 'cancelled')),
        timed(is_cancelled, 'quote_cancellation_time', status_since, cancellation_seconds, defect),
        timed(is_open, 'quote_open_age', as_of(), open_age_seconds, defect),
        rated(is_decided or is_cancelled, 'quote_acceptance_rate', status_since, revision_status = 'ACCEPTED', if(is_cancelled, 'cancelled', null))
    ]) as seen from quote
    union all
    select quote_id, null, unnest([
        rated(true, 'configuration_error_rate', attempted_at, has_error, if(validation_trigger <> 'USER', 'system_sweep', null)),
        rated(is_first_pass is not null, 'configuration_first_pass_rate', attempted_at, is_first_pass, null)
    ]) from fact_configuration_attempt
    union all
    select quote_id, null, unnest([
        seen(true, 'pricing_recalculation_rate', first_priced_at, recalculations, 1, null, '', null),
        seen(true, 'effective_recalculation_rate', first_priced_at, effective, 1, null, '', null)
    ]) from run
    union all
    select quote_id, null, counted(true, 'recalculations_by_trigger', priced_at, 1, pricing_trigger)
    from fact_quote_pricing_run where not is_first_of_revision
    union all
    select quote_id, null, unnest([
        rated(true, 'approval_required_rate', submitted_at, is_approval_required, null),
        rated(true, 'auto_approved_rate', submitted_at, is_auto_approved, null),
        rated(true, 'approval_grant_rate', submitted_at, decision = 'APPROVED', if(decision not in ('APPROVED', 'DENIED'), lower(decision), null)),
        seen(true, 'policy_overrides_per_100_submissions', submitted_at, 0, 1, null, '', null),
        timed(is_ended, 'approval_cycle_time', ended_at, cycle_seconds, why),
        worked(is_ended, 'approval_cycle_business_time', ended_at, first_requested_at, final_decided_at, why)
    ]) from (
        select *, final_decided_at is not null or is_withdrawn_before_decision as is_ended,
            coalesce(final_decided_at, least(recalled_at, invalidated_at)) as ended_at,
            case when is_withdrawn_before_decision then 'withdrawn_before_decision' when has_time_defect then 'time_defect'
                when cycle_seconds is null then 'request_missing' end as why
        from fact_approval_submission
    )
    union all
    select quote_id, null, unnest([
        timed(true, 'approval_step_time', decided_at, decision_seconds, case when is_withdrawn_before_decision then 'withdrawn_before_decision'
            when has_time_defect then 'time_defect' when decision_seconds is null then 'request_missing' end),
        rated(true, 'approval_sla_breach_rate', decided_at, is_sla_breached, if(sla_due_at is null, 'no_due_time', null))
    ]) from fact_approval_step where decided_at is not null
    union all
    select quote_id, null, unnest([
        rated(true, 'stale_approval_rate', moment, is_stale, if(is_unasked, 'approved_without_request', null)),
        counted(is_stale, 'stale_approvals_by_reason', moment, 1, reason)
    ]) from stale_approval
    union all
    select quote_id, null, unnest([
        rated(true, 'quote_conversion_rate', accepted_at, is_converted, null),
        counted(has_wrong_revision, 'wrong_revision_quote_count', accepted_at, 1, ''),
        counted(not has_order, 'unconverted_quote_count', accepted_at, 1, '')
    ]) from converted_quote
    union all
    select quote_id, null, seen(true, 'quote_conversion_by_value', accepted_at, if(is_converted, net, 0), net, null, currency, null) from by_currency
    union all
    select quote_id, order_id, rated(true, 'quote_to_order_failure_rate', attempted_at, outcome = 'FAILED',
        if(outcome = 'UNKNOWN', 'unknown_outcome', null)) from fact_quote_conversion_attempt
    union all
    select quote_id, null, unnest([
        seen(true, 'discount_leakage', accepted_at, coalesce(leakage_amount, 0), 0, null, currency, why),
        seen(true, 'discount_leakage_rate', accepted_at, coalesce(leakage_amount, 0), coalesce(scope_list_amount, 0), null, currency,
            if(not is_in_scope, why, null)),
        rated(true, 'discount_leakage_line_rate', accepted_at, assessment = 'LEAKED', why)
    ]) from (select *, lower(not_assessable_reason) as why from fact_discount_leakage where assessment <> 'OUT_OF_SCOPE')
    union all
    select quote_id, null, unnest([
        rated(true, 'margin_exception_rate', accepted_at, is_exception, exclusion),
        rated(true, 'margin_exception_approved_rate', accepted_at, is_exception and is_approved, exclusion),
        rated(true, 'margin_exception_unapproved_rate', accepted_at, is_exception and not is_approved, exclusion),
        counted(is_exception and exclusion is null, 'margin_value_at_risk', accepted_at, net, currency)
    ]) from margin
    union all
    select quote_id, null, unnest([
        counted(is_in_force_at_submission, 'policy_override_count', submitted_at, 1, ''),
        counted(is_in_force_at_submission, 'policy_overrides_by_type', submitted_at, 1, policy_type),
        counted(is_in_force_at_submission, 'policy_overrides_per_100_submissions', submitted_at, 1, ''),
        counted(not is_in_force_at_submission, 'policy_override_attempt_count', first_event_at, 1, '')
    ]) from fact_policy_override
    union all
    select quote_id, null, unnest([
        rated(true, 'price_replay_mismatch_rate', replayed_as_of, is_wrong, why),
        seen(true, 'price_replay_mismatch_by_capture_month', replayed_as_of, is_wrong::integer, 1, null,
            substr(priced_date_key::varchar, 1, 4) || '-' || substr(priced_date_key::varchar, 5, 2), why),
        rated(true, 'price_drift_rate', replayed_as_of, has_price_drift, coalesce(why, if(has_price_drift is null, 'no_current_price', null)))
    ]) from (select *, replay_status = 'MISMATCH' as is_wrong, lower(not_replayable_reason) as why from fact_price_replay)
)
select * from observed where seen.keep and seen.moment is not null;

create temp table counted_order as
with placed as (
    select *, coalesce(completed_at, case order_status when 'CANCELLED' then last_cancelled_at when 'FAILED' then last_failed_at end) as ended_at,
        case when not is_fulfilled then lower(order_status) when first_submitted_at is null then 'submission_missing'
            when has_time_defect then 'time_defect' end as why
    from fact_order_lifecycle
), by_reason as (
    select distinct p.order_id, p.quote_id, first_submitted_at, reason_code
    from fact_order_lifecycle as p join fact_fallout_case as f on f.order_id = p.order_id
    where seconds(first_submitted_at, opened_at) < window_of(12)
), outcome as (
    select *, if(event_type = 'TaskOutcomeUnknown', 1, 0) as is_unknown, lag(is_unknown) over (partition by task_id order by v) as was_unknown from task_event
), charge as (
    select *, mismatched_component_count > 0 as is_wrong, (billing_period_end_month || '-01')::timestamp as moment
    from fact_commercial_chain where order_billing_class is not null
), observed as (
    select null::varchar as quote_id, order_id, unnest([
        rated(true, 'order_submit_success_rate', attempted_at, outcome = 'ACCEPTED', if(outcome = 'UNKNOWN', 'unknown_outcome', null)),
        rated(attempt_number = 1, 'order_first_pass_rate', attempted_at, is_first_pass, if(outcome = 'UNKNOWN', 'unknown_outcome', null))
    ]) as seen from fact_order_submission_attempt
    union all
    select null, order_id, unnest([
        rated(true, 'feasibility_pass_rate', first_checked_at, is_feasible, if(is_conclusive, null, 'timeout')),
        rated(true, 'feasibility_conditional_rate', first_checked_at, outcome = 'CONDITIONAL', if(is_conclusive, null, 'timeout')),
        rated(true, 'feasibility_first_pass_rate', first_checked_at, is_first_pass, if(is_conclusive, null, 'timeout'))
    ]) from fact_order_item_feasibility
    union all
    select quote_id, order_id, unnest([
        rated(decomposition_attempt_count > 0, 'decomposition_failure_rate', first_submitted_at, decomposition_failure_count > 0,
            if(is_decomposition_entered, null, 'cancelled_before_start')),
        rated(decomposition_attempt_count > 0, 'decomposition_unrecovered_rate', first_submitted_at, decomposition_outcome = 'FAILED',
            if(is_decomposition_entered, null, 'cancelled_before_start')),
        rated(true, 'fallout_rate', first_submitted_at, is_fallout_in_window, null),
        timed(true, 'fulfillment_lead_time', ended_at, lead_seconds, if(why is null and lead_seconds is null, 'time_defect', why)),
        worked(true, 'fulfillment_lead_business_time', ended_at, first_submitted_at, completed_at,
            if(why is null and lead_seconds is null, 'time_defect', why)),
        timed(true, 'fulfillment_working_time', ended_at, working_seconds, if(why is null and working_seconds is null, 'time_defect', why)),
        rated(true, 'fulfillment_on_time_rate', ended_at, is_on_time, case when is_fulfilled and is_on_time is null then 'no_promise'
            when not is_fulfilled then why end),
        timed(is_open, 'fulfillment_open_age', as_of(), open_age_seconds, if(open_age_seconds is null, 'time_defect', null))
    ]) from placed
    union all
    select null, order_id, unnest([
        rated(true, 'cancellation_conflict_rate', decided_at, is_conflict, if(is_decided, null, 'withdrawn')),
        counted(outcome = 'REFUSED', 'cancellation_refusals_by_reason', decided_at, 1, coalesce(conflict_reason, ''))
    ]) from fact_cancellation_request
    union all
    select quote_id, order_id, counted(true, 'fallout_orders_by_reason', first_submitted_at, 1, coalesce(reason_code, '')) from by_reason
    union all
    select null, order_id, seen(true, 'fallout_cases_per_100_tasks', created_at, fallout_count, 1, null, '', null) from fact_order_fulfillment_task
    union all
    select null, order_id, unnest([
        counted(opened_at is not null, 'fallout_backlog', opened_at, 1, ''),
        counted(opened_at is not null, 'fallout_backlog', recovered_at, -1, ''),
        timed(true, 'mean_time_to_repair', recovered_at, repair_seconds, if(resolution = 'CANCELLED', 'cancelled', why)),
        worked(true, 'repair_business_time', recovered_at, opened_at, recovered_at, if(resolution = 'CANCELLED', 'cancelled', why)),
        timed(resolution = 'CANCELLED', 'fallout_cancellation_time', recovered_at, cancellation_seconds, why),
        timed(case_state = 'open', 'fallout_open_age', as_of(), open_age_seconds, why)
    ]) from (
        select *, case when opened_at is null then 'opening_missing' when has_time_defect then 'time_defect' end as why from fact_fallout_case
    )
    union all
    select null, order_id, unnest([
        counted(true, 'unknown_outcome_count', since + to_seconds(timeout), 1, ''),
        counted(true, 'unknown_outcome_entered_count', since + to_seconds(timeout), 1, ''),
        counted(true, 'unknown_outcome_count', until, -1, ''), counted(true, 'unknown_outcome_resolved_count', until, 1, '')
    ]) from (
        select order_id, since, until, coalesce(own.timeout_minutes, usual.timeout_minutes) * 60 as timeout
        from (
            select task_id, event_time as since, lead(event_time) over (partition by task_id order by v) as until, is_unknown
            from outcome where was_unknown is null or was_unknown <> is_unknown
        ) as turn
        left join fact_order_fulfillment_task using (task_id)
        left join read_csv(getvariable('seeds') || '/task_type_timeout.csv') as own on own.task_type = fact_order_fulfillment_task.task_type
        left join read_csv(getvariable('seeds') || '/task_type_timeout.csv') as usual on usual.task_type = '*'
        where is_unknown = 1
    ) where seconds(since, coalesce(until, as_of())) >= timeout
    union all
    select quote_id, order_id, unnest([
        seen(component_count > 0, 'contract_billing_mismatch_rate', moment, mismatched_component_count, component_count, null, '', null),
        counted(is_wrong, 'contract_billing_mismatches_by_class', moment, mismatched_component_count, order_billing_class),
        counted(is_wrong, 'over_billed_amount', moment, order_billing_over_net_amount, currency),
        counted(is_wrong, 'under_billed_amount', moment, order_billing_under_net_amount, currency),
        counted(order_billing_class in ('rounding', 'within_tolerance'), 'billing_rounding_amount', moment,
            order_billing_over_net_amount + order_billing_under_net_amount, currency),
        counted(order_billing_class = 'timing', 'billing_timing_amount', as_of(), order_billing_under_net_amount, currency)
    ]) from charge
)
select * from observed where seen.keep and seen.moment is not null;

-- With region and account, once for the business and once for the region.
create temp table observation as
with described as (
    select o.seen, coalesce(q.header.region, orders.header.region) as region, opened.region is null or ended.region is null as is_off_calendar,
        case when is_test then 'test_account' when seen.exclusion is not null then seen.exclusion
            when seen.measure like '%_business_time' and is_off_calendar then 'no_calendar' end as reason,
        case when seen.measure like '%_business_time' then
            ended.business_seconds_before + case when seen.to >= ended.closes_at then ended.business_seconds
                when seen.to > ended.opens_at then seconds(ended.opens_at, seen.to) when seen.to is not null then 0 end
            - opened.business_seconds_before - case when seen.from >= opened.closes_at then opened.business_seconds
                when seen.from > opened.opens_at then seconds(opened.opens_at, seen.from) when seen.from is not null then 0 end
            else seen.seconds end as seconds
    from (from counted_quote union all from counted_order) as o
    left join quote_header as q on q.quote_id = o.quote_id
    left join orders on orders.order_id = o.order_id
    left join dim_account on dim_account.account_id = coalesce(q.header.accountId, orders.header.accountId)
    left join dim_sla_calendar as opened on opened.region = coalesce(q.header.region, orders.header.region) and opened.calendar_date = seen.from::date
    left join dim_sla_calendar as ended on ended.region = coalesce(q.header.region, orders.header.region) and ended.calendar_date = seen.to::date
)
select seen.measure as measure, seen.split as split, date_trunc('month', seen.moment)::date as month, unnest(['TOTAL', 'REGION']) as scope,
    unnest(['', coalesce(region, '')]) as scope_region, if(reason is null, seen.numerator, 0) as numerator, if(reason is null, seen.denominator, 0) as denominator,
    case when reason is null then seconds end as seconds, reason
from described;

create table mart_kpi_monthly as
with part as (
    select distinct measure, split, scope, scope_region from observation
    union select measure, '', scope, scope_region from kpi_measure cross join (select distinct scope, scope_region from observation) where split_by is null
), summed as (
    select measure, split, scope, scope_region, month, sum(numerator) as numerator, sum(denominator) as denominator, sum(seconds) as seconds,
        count(reason) as excluded_count, quantile_cont(seconds, 0.5)::decimal(20, 6) as median, quantile_disc(seconds, 0.9)::decimal(20, 6) as p90
    from observation group by all
), monthly as (
    select part.*, m.month, coalesce(numerator, 0) as numerator, coalesce(denominator, 0) as denominator, coalesce(seconds, 0) as seconds,
        coalesce(excluded_count, 0) as excluded_count, median, p90,
        sum(coalesce(numerator, 0)) over (
            partition by part.measure, part.split, part.scope, part.scope_region order by m.month rows unbounded preceding
        ) as stock
    from part cross join (select distinct month from observation) as m
    left join summed as s on s.measure = part.measure and s.split = part.split and s.scope = part.scope and s.scope_region = part.scope_region
        and s.month = m.month
    where s.measure is not null or m.month::timestamp <= as_of()
), shown as (
    select monthly.* exclude (numerator, denominator), kpi_measure.* exclude (measure), kpi.kpi_name, kpi.semantic_version,
        unnest(case kind when 'RATIO' then ['RATE'] when 'COUNT' then ['COUNT'] when 'AMOUNT' then ['SUM'] when 'STOCK' then ['CLOSING']
            when 'DURATION' then ['MEDIAN', 'P90', 'MEAN'] end) as statistic,
        monthly.numerator as sum_of, monthly.denominator as held_against
    from monthly join kpi_measure using (measure) join kpi using (kpi_id)
), composed as (
    select *, money(case statistic when 'MEAN' then seconds when 'CLOSING' then stock when 'MEDIAN' then null when 'P90' then null else sum_of end) as numerator,
        money(case when statistic in ('RATE', 'MEAN', 'MEDIAN', 'P90') then held_against end) as denominator,
        units(numerator * if(statistic = 'RATE', scale, 1)) as top, units(nullif(denominator, 0)) as bottom
    from shown
)
select concat_ws('|', escaped(measure), month, escaped(scope), escaped(scope_region), coalesce(escaped(split), '\N'), escaped(statistic)) as kpi_month_id,
    kpi_id, kpi_name, measure, statistic, coalesce(headline_statistic = statistic, false) as is_headline,
    case when coalesce(headline_statistic <> statistic, true) then kpi_name end as companion_of, scope, case when scope = 'REGION' then scope_region end as region,
    month as month_start_date, day_key(month) as month_start_date_key, case when split_by = 'currency' then split end as currency,
    case when split_by = 'category' then split end as category, measure_unit as unit, basis, numerator, denominator,
    case statistic when 'MEDIAN' then median when 'P90' then p90
        when 'RATE' then cast(cast((2000000 * top + sign(top) * bottom) // (2 * bottom) as decimal(38, 0)) * 0.000001::decimal(6, 6) as decimal(20, 6))
        when 'MEAN' then cast(cast((2000000 * top + sign(top) * bottom) // (2 * bottom) as decimal(38, 0)) * 0.000001::decimal(6, 6) as decimal(20, 6))
        else numerator::decimal(20, 6) end as value,
    excluded_count, as_of() >= (month + interval 1 month + to_days(window_days::integer)) as is_mature, as_of() as as_of,
    semantic_version as definition_version
from composed;

create table mart_kpi_exclusion_monthly as
select concat_ws('|', escaped(reason), escaped(measure), month, escaped(scope), escaped(scope_region)) as kpi_exclusion_id, kpi_id, kpi_name, o.measure, scope,
    case when scope = 'REGION' then scope_region end as region, month as month_start_date, reason as exclusion_reason, count(*) as excluded_count,
    as_of() as as_of, semantic_version as definition_version
from observation as o join kpi_measure using (measure) join kpi using (kpi_id) where reason is not null
group by all;

create table mart_kpi_monthly_v1 as
select * exclude (scope, region) replace (
        concat_ws('|', escaped(measure), month_start_date, escaped(coalesce(currency, category, '')), escaped(statistic)) as kpi_month_id)
from mart_kpi_monthly where scope = 'TOTAL';

create table mart_kpi_exclusion_monthly_v1 as select * exclude (kpi_exclusion_id, scope, region) from mart_kpi_exclusion_monthly where scope = 'TOTAL';
