-- What is activated for each asset: the subscriptions in force at the as-of time, or the last one. A subscription that names no asset is
-- for the first that its order item has.
with first_of_item as (
    select
        asset.order_id,
        asset.order_item_id,
        asset.first_asset_id
    from {{ ref("int_chain_item_asset") }} as asset
),

activated as (
    select
        subscription.*,
        coalesce(subscription.asset_id, first_of_item.first_asset_id) as billed_asset_id,
        subscription.start_date <= cast({{ as_of() }} as date)
        and coalesce(subscription.end_date > cast({{ as_of() }} as date), true) as is_in_force
    from {{ ref("int_subscription_state") }} as subscription
    left join first_of_item
        on subscription.order_id = first_of_item.order_id and subscription.order_item_id = first_of_item.order_item_id
    where subscription.subscription_state = 'active'
),

ranked as (
    select
        activated.*,
        row_number() over (
            partition by activated.billed_asset_id
            order by activated.start_date desc, activated.activated_at desc, activated.subscription_id asc
        ) as recency,
        count(case when activated.is_in_force then 1 end) over (partition by activated.billed_asset_id) as in_force_count
    from activated
    where activated.billed_asset_id is not null
)

select
    ranked.billed_asset_id as asset_id,
    count(*) as subscription_count,
    min(ranked.order_id) as order_id,
    min(ranked.order_item_id) as order_item_id,
    min(ranked.currency) as currency,
    max(ranked.currency) as last_currency,
    min(ranked.account_id) as account_id,
    max(ranked.account_id) as last_account_id,
    sum(ranked.recurring_net_amount) as recurring_net_amount,
    {{ distinct_texts("ranked.source_event_id") }} as event_ids,
    bool_or(coalesce(integrity.has_gap, false)) as has_gap,
    bool_or(coalesce(integrity.has_stale_event, false)) as has_stale_event,
    bool_or(coalesce(integrity.has_open_conflict, false)) as has_open_conflict
from ranked
left join {{ ref("int_aggregate_integrity") }} as integrity
    on ranked.subscription_id = integrity.aggregate_id and integrity.aggregate_type = 'Subscription'
where ranked.is_in_force or (ranked.in_force_count = 0 and ranked.recency = 1)
group by ranked.billed_asset_id
