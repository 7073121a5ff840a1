-- Fulfillment.
create temp table fallout_event as
select aggregate_id, event_type, event_time, event_id, aggregate_version as v, from_json(payload, '{fallout_event}') as said
from events('fulfillment', 'Fallout*') anti join stale using (arrival_seq);

create temp table fallout_case as
with folded as (
    select aggregate_id as fallout_case_id, arg_max(said, v) filter (where event_type = 'FalloutOpened') as opening,
        arg_min(event_time, v) filter (where event_type = 'FalloutOpened') as opened_at,
        arg_max(event_type, v) filter (where event_type <> 'FalloutAssigned') = 'FalloutRecovered' as is_recovered,
        arg_max(event_time, v) filter (where event_type = 'FalloutRecovered') as recovered_at, arg_max(said.resolution, v) as resolution,
        count(*) filter (where event_type = 'FalloutReopened') as reopen_count, arg_min(said.reasonCode, v) as first_reason_code,
        arg_max(said.reasonCode, v) as reason_code, arg_max(said.ownerTeam, v) as owner_team, arg_max(said.assignee, v) as assignee,
        arg_max(said.nextAction, v) as next_action, arg_max(utc(said.dueAt), v) as due_at, arg_max(event_id, v) as source_event_id
    from fallout_event group by all
)
select fallout_case_id, opening.orderId as order_id, opening.orderItemId as order_item_id, opening.taskId as task_id,
    opening.downstreamSystem as downstream_system, opening.priority as priority, owner_team, assignee, next_action, due_at,
    if(is_recovered, 'recovered', 'open') as case_state, first_reason_code, reason_code, opened_at,
    case when is_recovered then recovered_at end as recovered_at, case when is_recovered then resolution end as resolution, reopen_count,
    source_event_id, has_gap, has_stale_event, has_open_conflict
from folded left join flags on flags.aggregate_type = 'FalloutCase' and flags.aggregate_id = fallout_case_id;

create table fact_fallout_case as
select fallout_case.* exclude (source_event_id, has_gap, has_stale_event, has_open_conflict), header.accountId as account_id, header.region as region,
    day_key(opened_at) as opened_date_key, day_key(recovered_at) as recovered_date_key,
    case when resolution <> 'CANCELLED' and recovered_at >= opened_at then seconds(opened_at, recovered_at) end as repair_seconds,
    case when resolution = 'CANCELLED' and recovered_at >= opened_at then seconds(opened_at, recovered_at) end as cancellation_seconds,
    case when case_state = 'open' and as_of() >= opened_at then seconds(opened_at, as_of()) end as open_age_seconds,
    coalesce(coalesce(recovered_at, as_of()) > due_at, false) as is_overdue,
    coalesce(coalesce(recovered_at, as_of()) < opened_at, false) as has_time_defect, fallout_case.source_event_id,
    coalesce(fallout_case.has_gap or flags.has_gap, false) as has_gap,
    coalesce(fallout_case.has_stale_event or flags.has_stale_event, false) as has_stale_event,
    coalesce(fallout_case.has_open_conflict or flags.has_open_conflict, false) as has_open_conflict
from fallout_case
left join orders on orders.order_id = fallout_case.order_id
left join flags on flags.aggregate_type = 'Order' and flags.aggregate_id = fallout_case.order_id;

create temp table fallout as
select task_id, count(*) as fallout_count, arg_max(reason_code, (opened_at, fallout_case_id)) as fallout_reason_code, bool_or(has_gap) as has_gap,
    bool_or(has_stale_event) as has_stale_event, bool_or(has_open_conflict) as has_open_conflict
from fallout_case where task_id is not null group by all;

create temp table task_event as
select aggregate_id as task_id, event_type, event_time, event_id, aggregate_version as v,
    case when event_type in ('TaskRetried', 'TaskFailed', 'TaskOutcomeUnknown')
        then from_json(payload, '{"retryCount":"BIGINT","errorCode":"VARCHAR"}') end as trouble
from events('fulfillment', 'Task*') anti join stale using (arrival_seq);

create table fact_order_fulfillment_task as
with created as (
    select aggregate_id as task_id, arg_max(from_json(payload, payload_type('TaskCreated')), aggregate_version) as task
    from events('fulfillment', 'TaskCreated') anti join stale using (arrival_seq) group by all
), folded as (
    select task_id, arg_min(event_time, v) filter (where event_type = 'TaskCreated') as created_at,
        arg_min(event_time, v) filter (where event_type = 'TaskStarted') as started_at,
        case arg_max(event_type, v) when 'TaskCompleted' then 'completed' when 'TaskFailed' then 'failed' when 'TaskCancelled' then 'cancelled'
            when 'TaskOutcomeUnknown' then 'unknown' else 'open' end as outcome,
        arg_max(event_time, v) as outcome_at, arg_max(trouble.retryCount, v) as retry_count, arg_max(trouble.errorCode, v) as last_error_code,
        arg_max(event_id, v) as source_event_id
    from task_event group by all
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
    coalesce(ended_at, as_of()) > utc(task.slaDueAt) as is_sla_breached, outcome, coalesce(retry_count, 0) as retry_count,
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

-- An order is fulfilled when it is completed, or partial with every item completed or cancelled.
create table fact_order_lifecycle as
with folded as (
    select order_id, arg_min(event_time, v) filter (where event_type = 'OrderSubmissionAttempted') as first_attempted_at,
        arg_max(event_time, v) filter (where event_type = 'OrderSubmissionAttempted' and outcome = 'ACCEPTED') as last_accepted_at,
        arg_max(event_time, v) filter (where event_type = 'OrderSubmissionAttempted' and outcome = 'REJECTED') as last_rejected_at,
        arg_max(outcome, v) filter (where event_type = 'OrderSubmissionAttempted') as attempt_outcome,
        arg_min(event_time, v) filter (where event_type = 'OrderSubmitted') as first_submitted_at,
        arg_max(event_time, v) filter (where event_type = 'OrderSubmitted') as last_submitted_at,
        arg_min(event_time, v) filter (where state = 'ACKNOWLEDGED') as first_acknowledged_at,
        arg_min(event_time, v) filter (where event_type = 'OrderItemFeasibilityChecked') as first_checked_at,
        arg_min(event_time, v) filter (where event_type = 'OrderDecompositionAttempted') as first_decomposition_at,
        arg_max(event_time, v) filter (where event_type = 'OrderDecompositionAttempted' and outcome = 'SUCCEEDED') as last_decomposed_at,
        arg_max(event_time, v) filter (where event_type = 'OrderDecompositionAttempted' and outcome <> 'SUCCEEDED') as last_decomposition_failed_at,
        arg_max(if(outcome = 'SUCCEEDED', 'SUCCEEDED', 'FAILED'), v) filter (where event_type = 'OrderDecompositionAttempted') as decomposition_outcome,
        count(*) filter (where event_type = 'OrderDecompositionAttempted') as decomposition_attempt_count,
        count(*) filter (where event_type = 'OrderDecompositionAttempted' and outcome <> 'SUCCEEDED') as decomposition_failure_count,
        arg_min(event_time, v) filter (where state = 'IN_PROGRESS') as first_started_at,
        arg_min(event_time, v) filter (where state = 'COMPLETED') as first_completed_at,
        arg_max(event_time, v) filter (where state = 'PARTIAL') as last_partial_at,
        arg_max(event_time, v) filter (where state = 'FAILED') as last_failed_at,
        arg_min(event_time, v) filter (where event_type = 'OrderCancellationRequested') as first_cancellation_requested_at,
        arg_max(event_time, v) filter (where state = 'CANCELLED') as last_cancelled_at,
        max_by(event_time, v) as last_event_at, arg_max(event_id, v) as source_event_id
    from order_event group by all
), stay as (
    select order_id, state, seconds(event_time, lead(event_time) over (partition by order_id order by v)) as seconds
    from order_event where event_type in ('OrderSubmitted', 'OrderStateChanged')
), waited as (
    select order_id, sum(seconds) filter (where state = 'HELD') as held, sum(seconds) filter (where state = 'PENDING') as pending
    from stay where seconds >= 0 group by all
), item as (
    select order_id, count(*) as items, count(*) filter (where item_state = 'COMPLETED') as completed,
        count(*) filter (where item_state = 'CANCELLED') as cancelled, count(*) filter (where item_state = 'FAILED') as failed,
        max(item_state_since) filter (where item_state = 'COMPLETED') as last_completed_at
    from fact_order_line group by all
), fallout_of_order as (
    select order_id, count(*) as cases, count(*) filter (where case_state = 'open') as open_cases, min(opened_at) as first_fallout_at,
        bool_or(has_gap) as has_gap, bool_or(has_stale_event) as has_stale_event, bool_or(has_open_conflict) as has_open_conflict
    from fallout_case where order_id is not null group by all
), joined as (
    select folded.*, header, promised_completion_at, first_promised_completion_at, orders.order_id is not null as is_placed,
        coalesce(order_state, case when last_accepted_at is not null then 'ACCEPTED' when attempt_outcome = 'REJECTED' then 'REJECTED'
            else 'UNKNOWN' end) as order_status,
        coalesce(order_state_since, last_accepted_at, case when attempt_outcome = 'REJECTED' then last_rejected_at end, last_event_at) as status_since,
        coalesce(items, 0) as item_count, coalesce(completed, 0) as completed_item_count, coalesce(cancelled, 0) as cancelled_item_count,
        coalesce(failed, 0) as failed_item_count, item_count = completed_item_count + cancelled_item_count + failed_item_count as is_every_item_ended,
        last_completed_at, coalesce(held, 0)::bigint as held_seconds, coalesce(pending, 0)::bigint as pending_seconds
    from folded
    left join orders on orders.order_id = folded.order_id
    left join waited on waited.order_id = folded.order_id
    left join item on item.order_id = folded.order_id
), judged as (
    select *,
        is_placed and not (order_status in ('COMPLETED', 'FAILED', 'CANCELLED', 'REJECTED')
            or (order_status = 'PARTIAL' and is_every_item_ended)) as is_open,
        case order_status when 'COMPLETED' then item_count > cancelled_item_count
            when 'PARTIAL' then completed_item_count > 0 and item_count = completed_item_count + cancelled_item_count else false end as is_fulfilled,
        case when not is_fulfilled then null when is_every_item_ended and completed_item_count > 0 then last_completed_at
            else greatest(status_since, last_completed_at) end as completed_at,
        case when completed_at >= first_submitted_at then seconds(first_submitted_at, completed_at) end as lead_seconds,
        seconds(first_submitted_at, as_of()) as age
    from joined
)
select judged.* exclude (header, is_placed, is_every_item_ended, last_completed_at, last_event_at, attempt_outcome, age, source_event_id),
    header.orderNumber as order_number, header.quoteId as quote_id, header.quoteRevision as quote_revision, header.accountId as account_id,
    header.billingAccountId as billing_account_id, header.currency as currency, header.channel as channel, header.region as region,
    case when lead_seconds >= held_seconds + pending_seconds then lead_seconds - held_seconds - pending_seconds end as working_seconds,
    day_key(first_submitted_at) as submitted_date_key, day_key(completed_at) as completed_date_key,
    completed_at <= promised_completion_at as is_on_time, completed_at <= first_promised_completion_at as is_on_time_first_promise,
    coalesce(is_open and promised_completion_at < as_of(), false) as is_overdue,
    case when is_open and as_of() >= status_since then seconds(status_since, as_of()) end as status_age_seconds,
    case when is_open and as_of() >= first_submitted_at then age end as open_age_seconds,
    decomposition_attempt_count > 0 and coalesce(last_cancelled_at >= first_decomposition_at, true) as is_decomposition_entered,
    coalesce(cases, 0) as fallout_count, coalesce(open_cases, 0) as open_fallout_count, first_fallout_at,
    coalesce(seconds(first_submitted_at, first_fallout_at) < {fallout_window_days} * 86400, false) as is_fallout_in_window,
    coalesce(age >= {fallout_window_days} * 86400, false) as is_fallout_window_closed,
    coalesce(if(is_open, as_of(), completed_at) < first_submitted_at, false) as has_time_defect, judged.source_event_id,
    coalesce(flags.has_gap or fallout.has_gap, false) as has_gap, coalesce(flags.has_stale_event or fallout.has_stale_event, false) as has_stale_event,
    coalesce(flags.has_open_conflict or fallout.has_open_conflict, false) as has_open_conflict
from judged
left join fallout_of_order as fallout on fallout.order_id = judged.order_id
left join flags on flags.aggregate_type = 'Order' and flags.aggregate_id = judged.order_id;
