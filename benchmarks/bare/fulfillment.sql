-- Fulfillment.
create temp table fallout as
with opened as (
    select aggregate_id, event_time, aggregate_version, from_json(payload, payload_type('FalloutOpened')) as data
    from events('fulfillment', 'FalloutOpened') anti join stale using (arrival_seq)
), reason as (
    select aggregate_id, aggregate_version, data.reasonCode as reason_code from opened union all
    select aggregate_id, aggregate_version, from_json(payload, '{"reasonCode":"VARCHAR"}').reasonCode
    from events('fulfillment', 'FalloutReopened') anti join stale using (arrival_seq)
), kase as (
    select aggregate_id, arg_max(data.taskId, aggregate_version) as task_id, arg_min(event_time, aggregate_version) as opened_at from opened group by all
), last_reason as (
    select aggregate_id, arg_max(reason_code, aggregate_version) as reason_code from reason group by all
)
select task_id, count(*) as fallout_count, arg_max(reason_code, (opened_at, aggregate_id)) as fallout_reason_code, bool_or(has_gap) as has_gap,
    bool_or(has_stale_event) as has_stale_event, bool_or(has_open_conflict) as has_open_conflict
from kase join last_reason using (aggregate_id) join (from flags where aggregate_type = 'FalloutCase') using (aggregate_id)
where task_id is not null group by all;

create table fact_order_fulfillment_task as
with happened as (
    select aggregate_id as task_id, event_type, event_time, event_id, aggregate_version as v,
        case when event_type in ('TaskRetried', 'TaskFailed', 'TaskOutcomeUnknown')
            then from_json(payload, '{"retryCount":"BIGINT","errorCode":"VARCHAR"}') end as trouble
    from events('fulfillment', 'Task*') anti join stale using (arrival_seq)
), created as (
    select aggregate_id as task_id, arg_max(from_json(payload, payload_type('TaskCreated')), aggregate_version) as task
    from events('fulfillment', 'TaskCreated') anti join stale using (arrival_seq) group by all
), folded as (
    select task_id, arg_min(event_time, v) filter (where event_type = 'TaskCreated') as created_at,
        arg_min(event_time, v) filter (where event_type = 'TaskStarted') as started_at,
        case arg_max(event_type, v) when 'TaskCompleted' then 'completed' when 'TaskFailed' then 'failed' when 'TaskCancelled' then 'cancelled'
            when 'TaskOutcomeUnknown' then 'unknown' else 'open' end as outcome,
        arg_max(event_time, v) as outcome_at, arg_max(trouble.retryCount, v) as retry_count, arg_max(trouble.errorCode, v) as last_error_code,
        arg_max(event_id, v) as source_event_id
    from happened group by all
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
    coalesce(ended_at, getvariable('as_of')::timestamp) > utc(task.slaDueAt) as is_sla_breached, outcome, coalesce(retry_count, 0) as retry_count,
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
