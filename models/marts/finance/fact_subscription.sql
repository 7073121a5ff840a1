{{ config(materialized="table") }}

-- What each subscription bills, with its amount at the rate of the day on which billing was activated.
select
    subscription.subscription_id,
    subscription.subscription_state,
    subscription.order_id,
    subscription.order_item_id,
    subscription.asset_id,
    subscription.account_id,
    subscription.billing_account_id,
    subscription.currency,
    subscription.recurring_net_amount,
    subscription.billing_frequency,
    '{{ var("reporting_currency") }}' as reporting_currency,
    {{ reporting_rate_id("subscription.currency", "rate") }} as reporting_rate_id,
    {{ reporting_rate("subscription.currency", "rate") }} as reporting_rate,
    {{ reporting_amount("subscription.recurring_net_amount", "subscription.currency", "rate") }} as reporting_recurring_net_amount,
    subscription.start_date,
    subscription.end_date,
    subscription.activated_at,
    {{ date_key("subscription.activated_at") }} as activated_date_key,
    subscription.last_handoff_failed_at,
    subscription.last_handoff_failure_code,
    subscription.source_event_id,
    subscription.arrival_seq,
    {{ integrity_flags() }}
from {{ ref("int_subscription_state") }} as subscription
left join {{ ref("int_exchange_rate_filled") }} as rate
    on subscription.currency = rate.currency and cast(subscription.activated_at as date) = rate.rate_date
left join {{ ref("int_aggregate_integrity") }} as integrity
    on subscription.subscription_id = integrity.aggregate_id and integrity.aggregate_type = 'Subscription'
