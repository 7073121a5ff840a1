-- Approval requests, folded in one pass.
create temp table approval_event as
select aggregate_id as approval_request_id, event_type, event_time, event_id, aggregate_version as v, from_json(payload, '{approval_event}') as said
from events('approval', 'Approval*') anti join stale using (arrival_seq);

create temp table request as
with folded as (
    select approval_request_id, arg_max((event_time, said), v) filter (where event_type = 'ApprovalRequested') as asked,
        arg_max((event_time, said, v), v) filter (where event_type = 'ApprovalDecided') as decided,
        arg_max(said.approver, v) as approver, arg_max(said.approverGroup, v) as approver_group,
        arg_min(event_time, v) filter (where event_type = 'ApprovalRecalled') as recalled_at,
        arg_min(said.reason, v) filter (where event_type = 'ApprovalRecalled') as recall_reason,
        arg_min(event_time, v) filter (where event_type = 'ApprovalInvalidated') as invalidated_at,
        arg_min(said.reason, v) filter (where event_type = 'ApprovalInvalidated') as invalidation_reason,
        min(v) filter (where event_type = 'ApprovalRecalled') as recalled_v, min(v) filter (where event_type = 'ApprovalInvalidated') as invalidated_v,
        count(*) filter (where event_type = 'ApprovalReassigned') as reassigned_count, arg_max(event_id, v) as source_event_id
    from approval_event group by all
)
select approval_request_id, asked[2].quoteId as quote_id, asked[2].quoteRevision as quote_revision, asked[2].submissionSequence as submission_sequence,
    approver, approver_group, asked[2].requestedBy as requested_by, asked[2].policyVersion as policy_version, texts(asked[2].reasonCodes) as reason_codes,
    asked[2].maxDiscountPercent as max_discount_percent, asked[1] as requested_at, utc(asked[2].slaDueAt) as sla_due_at, reassigned_count,
    case when invalidated_v is not null then 'INVALIDATED' when recalled_v is not null then 'RECALLED'
        else coalesce(decided[2].decision, 'REQUESTED') end as approval_status,
    decided[2].decision as decision, decided[2].decidedBy as decided_by, decided[1] as decided_at, utc(decided[2].validUntil) as valid_until,
    decided[2].approvedFloorAmounts as floors, recalled_at, recall_reason, invalidated_at, invalidation_reason,
    coalesce(least(recalled_v, invalidated_v) < coalesce(decided[3], 9223372036854775807), false) as is_withdrawn_before_decision,
    folded.source_event_id, has_gap, has_stale_event, has_open_conflict
from folded left join flags on flags.aggregate_type = 'ApprovalRequest' and flags.aggregate_id = approval_request_id;

create temp macro holds_at(decision, decided_at, valid_until, recalled_at, invalidated_at, moment) as coalesce(
    decision = 'APPROVED' and decided_at <= moment and coalesce(valid_until, moment) >= moment
    and (recalled_at is null or recalled_at > moment) and (invalidated_at is null or invalidated_at > moment), false);

create table fact_approval_step as
select request.* exclude (floors, has_gap, has_stale_event, has_open_conflict),
    day_key(requested_at) as requested_date_key, coalesce(decided_at, recalled_at, invalidated_at, as_of()) > sla_due_at as is_sla_breached,
    day_key(decided_at) as decided_date_key,
    case when decided_at >= requested_at and not is_withdrawn_before_decision then seconds(requested_at, decided_at) end as decision_seconds,
    coalesce(decided_at < requested_at, false) as has_time_defect, accepted_at,
    case when accepted_at is not null
        then holds_at(decision, decided_at, valid_until, recalled_at, invalidated_at, accepted_at) end as is_valid_at_acceptance,
    coalesce(request.has_gap or quote.has_gap, false) as has_gap, coalesce(request.has_stale_event or quote.has_stale_event, false) as has_stale_event,
    coalesce(request.has_open_conflict or quote.has_open_conflict, false) as has_open_conflict
from request
left join revision on revision.quote_id = request.quote_id and revision.quote_revision = request.quote_revision
left join flags as quote on quote.aggregate_type = 'Quote' and quote.aggregate_id = request.quote_id;

create table fact_approval_submission as
with step as (
    select quote_id, quote_revision, submission_sequence, count(*) as step_count, count(decided_at) as decided_count,
        count(*) filter (where decision = 'DENIED' and not is_withdrawn_before_decision) as denied_count,
        count(*) filter (where is_withdrawn_before_decision) as withdrawn_count, min(requested_at) as first_requested_at,
        max(decided_at) as last_decided_at, min(recalled_at) as recalled_at,
        arg_min_null(recall_reason, (recalled_at, approval_request_id)) filter (where recalled_at is not null) as recall_reason,
        min(invalidated_at) as invalidated_at,
        arg_min_null(invalidation_reason, (invalidated_at, approval_request_id)) filter (where invalidated_at is not null) as invalidation_reason,
        bool_or(has_gap) as has_gap, bool_or(has_stale_event) as has_stale_event, bool_or(has_open_conflict) as has_open_conflict
    from request where quote_id is not null group by all
), judged as (
    select submission.* exclude (v, event_time, event_id, reasons), event_time as submitted_at, event_id as source_event_id, step.* exclude (quote_id, quote_revision, submission_sequence, step_count),
        coalesce(step_count, 0) as step_count, coalesce(withdrawn_count, 0) > 0 as is_withdrawn_before_decision,
        case when denied_count > 0 then 'DENIED' when withdrawn_count > 0 then 'WITHDRAWN' when decided_count = step.step_count then 'APPROVED'
            when step.step_count is null and not is_approval_required then 'NOT_REQUIRED' else 'PENDING' end as decision,
        case when decision in ('APPROVED', 'DENIED') then last_decided_at end as final_decided_at
    from submission
    semi join (select quote_id, max(v) as v from submission group by quote_id, quote_revision, submission_sequence) as last using (quote_id, v)
    left join step using (quote_id, quote_revision, submission_sequence)
)
select judged.* exclude (has_gap, has_stale_event, has_open_conflict, decided_count, denied_count, withdrawn_count, last_decided_at, source_event_id),
    day_key(judged.submitted_at) as submitted_date_key, not is_approval_required as is_auto_approved,
    day_key(final_decided_at) as final_decided_date_key,
    case when final_decided_at >= first_requested_at and not is_withdrawn_before_decision
        then seconds(first_requested_at, final_decided_at) end as cycle_seconds,
    coalesce(final_decided_at < first_requested_at, false) as has_time_defect, accepted_at,
    coalesce(decision = 'APPROVED' and invalidated_at is not null and (accepted_at is null or invalidated_at < accepted_at), false)
        as is_invalidated_before_acceptance,
    judged.source_event_id, coalesce(flags.has_gap or judged.has_gap, false) as has_gap,
    coalesce(flags.has_stale_event or judged.has_stale_event, false) as has_stale_event,
    coalesce(flags.has_open_conflict or judged.has_open_conflict, false) as has_open_conflict
from judged
left join revision on revision.quote_id = judged.quote_id and revision.quote_revision = judged.quote_revision
left join flags on flags.aggregate_type = 'Quote' and flags.aggregate_id = judged.quote_id;

-- Of each revision who approved it last, and what its requests are short of.
create temp table revision_approval as
select quote_id, quote_revision,
    arg_min_null(decided_by, (-epoch_us(decided_at), approval_request_id)) filter (where decision = 'APPROVED') as approved_by,
    bool_or(has_gap) as has_gap, bool_or(has_stale_event) as has_stale_event, bool_or(has_open_conflict) as has_open_conflict
from request where quote_id is not null group by all;

create table fact_quote_lifecycle as
with dated as (
    select *, is_latest_revision and not is_ended as is_open from revision
)
select dated.quote_id, dated.quote_revision, header.quoteNumber as quote_number, header.accountId as account_id, header.opportunityId as opportunity_id,
    case when header is not null then coalesce(header.kind, 'NEW') end as quote_kind, header.currency as currency, header.channel as channel,
    header.region as region, header.salesRepId as sales_rep_id, header.salesTeam as sales_team, header.partnerId as partner_id, approved_by, accepted_by,
    revision_status, is_latest_revision, is_open, quote_created_at, dated.created_at, day_key(dated.created_at) as created_date_key,
    configured_at, day_key(configured_at) as configured_date_key, first_priced_at, day_key(first_priced_at) as first_priced_date_key,
    priced_at as last_priced_at, day_key(priced_at) as last_priced_date_key, first_submitted_at, day_key(first_submitted_at) as first_submitted_date_key,
    submitted_at as last_submitted_at, day_key(submitted_at) as last_submitted_date_key, approved_at, day_key(approved_at) as approved_date_key,
    sent_at, day_key(sent_at) as sent_date_key, accepted_at, day_key(accepted_at) as accepted_date_key, rejected_at,
    day_key(rejected_at) as rejected_date_key, expired_at, day_key(expired_at) as expired_date_key, cancelled_at, day_key(cancelled_at) as cancelled_date_key,
    converted_at, day_key(converted_at) as converted_date_key, superseded_at, day_key(superseded_at) as superseded_date_key, status_since,
    case when is_open and as_of() >= status_since then seconds(status_since, as_of()) end as status_age_seconds,
    case when is_open and as_of() >= quote_created_at then seconds(quote_created_at, as_of()) end as open_age_seconds,
    case when is_latest_revision and revision_status in ('ACCEPTED', 'REJECTED', 'EXPIRED') and status_since >= quote_created_at
        then seconds(quote_created_at, status_since) end as cycle_seconds,
    case when is_latest_revision and revision_status = 'CANCELLED' and status_since >= quote_created_at
        then seconds(quote_created_at, status_since) end as cancellation_seconds,
    coalesce(is_latest_revision and if(is_ended, status_since, as_of()) < quote_created_at, false) as has_time_defect, source_event_id,
    coalesce(flags.has_gap or approval.has_gap, false) as has_gap, coalesce(flags.has_stale_event or approval.has_stale_event, false) as has_stale_event,
    coalesce(flags.has_open_conflict or approval.has_open_conflict, false) as has_open_conflict
from dated
left join quote_header on quote_header.quote_id = dated.quote_id
left join revision_approval as approval on approval.quote_id = dated.quote_id and approval.quote_revision = dated.quote_revision
left join flags on flags.aggregate_type = 'Quote' and flags.aggregate_id = dated.quote_id;
