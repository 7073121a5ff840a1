-- One row per order that is open or ended lately: where it stands, what blocks it, whether it is at risk, and what can be done next.
with fallout as (
    select
        held.order_id,
        held.owner_team,
        row_number() over (partition by held.order_id order by held.due_at nulls last, held.opened_at, held.fallout_case_id) as place
    from {{ ref("int_fallout_case_state") }} as held
    where held.case_state = 'open'
)

select
    tracked.order_id,
    tracked.order_number,
    tracked.account_id,
    account.account_name,
    tracked.quote_id,
    tracked.quote_revision,
    tracked.region,
    tracked.channel,
    coalesce(fallout.owner_team, content.blocking_owner_team, 'order-management') as owner,
    tracked.order_status as status,
    tracked.is_open,
    tracked.status_since,
    {{ age_seconds("tracked.status_since") }} as status_age_seconds,
    case when tracked.is_unconfirmed then 'MEDIUM' else coalesce(risk.sla_risk, 'NONE') end as sla_risk,
    case when tracked.is_unconfirmed then 'SUBMISSION_UNCONFIRMED' else coalesce(risk.risk_reason, 'ENDED') end as risk_reason,
    case when tracked.is_unconfirmed then 'SUBMISSION_UNCONFIRMED' else risk.reason_codes end as reason_codes,
    case when tracked.is_unconfirmed then 1 else coalesce(risk.reason_count, 0) end as reason_count,
    -- The cause before what it leads to: a customer is told when nothing can be done about what holds the order up.
    case
        when tracked.is_unconfirmed then 'CONFIRM_SUBMISSION'
        when not tracked.is_open then 'NONE'
        {%- for code, action in {
            "FALLOUT_OPEN": "REPAIR_FALLOUT", "DEPENDENCY_CYCLE": "BREAK_DEPENDENCY_CYCLE", "ORDER_HELD": "RELEASE_HOLD",
            "TASK_SLA_BREACHED": "CHASE_DOWNSTREAM_SYSTEM", "TASK_OUTCOME_UNKNOWN": "CHASE_DOWNSTREAM_SYSTEM",
            "TASK_RETRYING": "CHASE_DOWNSTREAM_SYSTEM", "PROMISE_": "INFORM_CUSTOMER",
        }.items() %}
        when risk.reason_codes like '%{{ code }}%' then '{{ action }}'
        {%- endfor %}
        else 'WAIT'
    end as next_action,
    content.items,
    content.item_count,
    content.completed_item_count,
    content.tasks,
    coalesce(risk.open_task_count, 0) as open_task_count,
    tracked.open_fallout_count,
    tracked.first_submitted_at as submitted_at,
    tracked.promised_completion_at,
    tracked.completed_at,
    (tracked.account_id is not null and account.account_id is null)
    or content.pending_item_count > 0
    or (
        tracked.first_submitted_at is null
        and coalesce(tracked.first_acknowledged_at, tracked.first_checked_at, tracked.first_started_at, tracked.first_completed_at)
        is not null
    ) as is_pending_enrichment,
    tracked.has_gap,
    tracked.has_open_conflict,
    {{ projection_columns("content") }}
from {{ ref("int_order_tracked") }} as tracked
inner join {{ ref("int_order_content") }} as content on tracked.order_id = content.order_id
left join {{ ref("int_order_risk") }} as risk on tracked.order_id = risk.order_id
left join fallout on tracked.order_id = fallout.order_id and fallout.place = 1
left join {{ ref("int_account_current") }} as account on tracked.account_id = account.account_id
