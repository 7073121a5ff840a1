-- Open orders that are at risk or have broken their promise, with why, how long they have stood and who can act.
select
    tracked.order_id,
    tracked.order_number,
    tracked.account_id,
    tracked.account_name,
    account.priority as customer_priority,
    tracked.is_pending_enrichment,
    tracked.region,
    tracked.owner,
    tracked.status,
    tracked.status_since,
    tracked.status_age_seconds,
    risk.status_age_business_seconds,
    risk.sla_risk,
    risk.risk_reason,
    risk.reason_codes,
    risk.reason_count,
    tracked.next_action,
    tracked.promised_completion_at,
    {{ seconds_between(as_of(), "tracked.promised_completion_at") }} as seconds_to_promise,
    risk.next_task_due_at,
    risk.open_task_count,
    risk.breached_task_count,
    risk.due_soon_task_count,
    orders.currency,
    {{ money("risk.net_amount") }} as net_amount,
    {{ projection_columns("content") }}
from {{ ref("int_order_risk") }} as risk
inner join {{ ref("order_tracking") }} as tracked on risk.order_id = tracked.order_id
inner join {{ ref("int_order_tracked") }} as orders on risk.order_id = orders.order_id
inner join {{ ref("int_order_content") }} as content on risk.order_id = content.order_id
left join {{ ref("int_account_current") }} as account on tracked.account_id = account.account_id
where risk.sla_risk <> 'LOW'
