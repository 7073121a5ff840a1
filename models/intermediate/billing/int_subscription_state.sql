{{
    config(
        materialized="incremental", incremental_strategy="touched", unique_key="subscription_id", touched="Subscription"
    )
}}

-- What a subscription bills, as its last applied BillingActivated says; a handoff that failed after it takes nothing away from it.
with activation_ranked as (
    select
        activation.*,
        row_number() over (partition by activation.subscription_id order by activation.aggregate_version desc) as recency
    from {{ applied_events("stg_billing__billing_activated", "Subscription") }} as activation
),

failure_ranked as (
    select
        handoff.*,
        row_number() over (partition by handoff.subscription_id order by handoff.aggregate_version desc) as recency
    from {{ applied_events("stg_billing__billing_handoff_failed", "Subscription") }} as handoff
),

activated as (
    select activation_ranked.*
    from activation_ranked
    where activation_ranked.recency = 1
),

failed as (
    select failure_ranked.*
    from failure_ranked
    where failure_ranked.recency = 1
)

select
    coalesce(activated.subscription_id, failed.subscription_id) as subscription_id,
    case when activated.subscription_id is null then 'handoff_failed' else 'active' end as subscription_state,
    coalesce(activated.order_id, failed.order_id) as order_id,
    coalesce(activated.order_item_id, failed.order_item_id) as order_item_id,
    activated.asset_id,
    activated.account_id,
    activated.billing_account_id,
    activated.currency,
    activated.recurring_net_amount,
    activated.billing_frequency,
    activated.start_date,
    activated.end_date,
    activated.event_time as activated_at,
    failed.event_time as last_handoff_failed_at,
    failed.reason_code as last_handoff_failure_code,
    coalesce(activated.event_id, failed.event_id) as source_event_id,
    coalesce(activated.arrival_seq, failed.arrival_seq) as arrival_seq
from activated
full outer join failed on activated.subscription_id = failed.subscription_id
