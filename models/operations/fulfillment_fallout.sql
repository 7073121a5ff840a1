-- The repair queue: open fallout cases with reason, system, owner, age, what went wrong, what it holds up and what is to be done.
with order_amount as (
    select
        item.order_id,
        sum(item.net_amount) as net_amount
    from {{ ref("int_order_item_state") }} as item
    group by item.order_id
)

select
    fallout.fallout_case_id,
    fallout.order_id,
    fallout.order_item_id,
    fallout.task_id,
    orders.order_number,
    fallout.account_id,
    account.account_name,
    account.priority as customer_priority,
    account.account_id is null as is_pending_enrichment,
    fallout.region,
    fallout.downstream_system,
    coalesce(fallout.owner_team, 'unassigned') as owner,
    fallout.assignee,
    fallout.priority,
    'OPEN' as status,
    fallout.opened_at as status_since,
    {{ age_seconds("fallout.opened_at") }} as status_age_seconds,
    fallout.reason_code as reason_codes,
    case when fallout.reason_code is null then 0 else 1 end as reason_count,
    fallout.reopen_count,
    coalesce(task.retry_count, 0) as retry_count,
    task.last_error_code,
    task.sla_due_at as task_sla_due_at,
    coalesce(fallout.next_action, 'ASSIGN') as next_action,
    fallout.due_at,
    {{ urgency("fallout.due_at") }} as urgency,
    orders.currency,
    {{ money("coalesce(item.net_amount, order_amount.net_amount)") }} as revenue_impact,
    fallout.has_gap,
    fallout.has_open_conflict,
    {{ projection_columns() }}
from {{ ref("fact_fallout_case") }} as fallout
inner join {{ ref("int_event_projected") }} as source_event on fallout.arrival_seq = source_event.arrival_seq
left join {{ ref("int_order_state") }} as orders on fallout.order_id = orders.order_id
left join {{ ref("int_order_item_state") }} as item
    on fallout.order_id = item.order_id and fallout.order_item_id = item.order_item_id
left join order_amount on fallout.order_id = order_amount.order_id
left join {{ ref("int_fulfillment_task_state") }} as task on fallout.task_id = task.task_id
left join {{ ref("int_account_current") }} as account on fallout.account_id = account.account_id
where fallout.case_state = 'open'
