-- fact_subscription against the subscriptions in the lake, as last activated, by the month of that and currency (none where only a
-- handoff failed).
with lake_row as (
    select
        activation.is_in_force as is_counted,
        activation.subscription_id,
        activation.event_time as activated_at,
        activation.currency,
        activation.recurring_net_amount
    from {{ in_force("stg_billing__billing_activated", ["subscription_id"]) }} as activation
    union all
    select
        true as is_counted,
        handoff.subscription_id,
        cast(null as timestamp) as activated_at,
        cast(null as string) as currency,
        cast(null as decimal(18, 4)) as recurring_net_amount
    from {{ in_force("stg_billing__billing_handoff_failed", ["subscription_id"]) }} as handoff
    where
        handoff.is_in_force
        and not exists (
            select 1
            from {{ counted_events("stg_billing__billing_activated") }} as activation
            where activation.subscription_id = handoff.subscription_id and activation.is_counted
        )
),

{{ row_pair_sides(
    "subscription", "fact_subscription", "activated_at",
    {
        "subscription_id": "varchar", "activated_at": "timestamp", "currency": "varchar", "recurring_net_amount": "decimal(18,4)",
    },
    sums=["recurring_net_amount"],
) }}
