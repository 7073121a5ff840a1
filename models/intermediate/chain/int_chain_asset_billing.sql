-- The asset-billing leg: what the inventory says recurs per billing period against what billing has activated for it.
with told as (
    select
        event.asset_id,
        {{ distinct_texts("event.event_id") }} as event_ids
    from {{ applied_events("int_asset_event") }} as event
    group by event.asset_id
),

asset as (
    select
        held.*,
        told.event_ids,
        terms.completed_date,
        {{ grace_after("coalesce(terms.completed_date, item.promised_date, held.start_date)") }} as billed_by_date
    from {{ ref("int_asset_state") }} as held
    inner join told on held.asset_id = told.asset_id
    left join {{ ref("int_chain_item") }} as item on held.order_id = item.order_id and held.order_item_id = item.order_item_id
    left join {{ ref("int_order_item_billing_terms") }} as terms
        on held.order_id = terms.order_id and held.order_item_id = terms.order_item_id
),

compared as (
    select
        coalesce(asset.asset_id, billed.asset_id) as asset_id,
        coalesce(asset.order_id, billed.order_id) as order_id,
        coalesce(asset.order_item_id, billed.order_item_id) as order_item_id,
        coalesce(asset.currency, billed.currency) as currency,
        asset.event_ids as left_event_ids,
        billed.event_ids as right_event_ids,
        asset.billed_by_date,
        case when asset.asset_id is null then 0 else asset.recurring_net_amount end as left_net_amount,
        case
            when billed.asset_id is null then 0
            when asset.currency is null or (billed.currency = asset.currency and billed.last_currency = asset.currency)
                then billed.recurring_net_amount
        end as right_net_amount,
        case
            when asset.asset_id is null then 'missing_asset'
            when billed.asset_id is null and (asset.completed_date is null or {{ is_within("asset.billed_by_date") }}) then 'timing'
            when billed.asset_id is null then 'unbilled'
            when billed.currency <> asset.currency or billed.last_currency <> asset.currency then 'currency'
            when billed.account_id <> asset.account_id or billed.last_account_id <> asset.account_id then 'account'
            when billed.recurring_net_amount > asset.recurring_net_amount and billed.subscription_count > 1 then 'billed_twice'
            when billed.recurring_net_amount <> asset.recurring_net_amount then 'price'
            else 'matched'
        end as leg_class,
        {{ integrity_flags("billed") }}
    from asset
    full outer join {{ ref("int_chain_asset_billed") }} as billed on asset.asset_id = billed.asset_id
    where billed.asset_id is not null or (asset.asset_state = 'active' and asset.recurring_net_amount > 0)
)

select
    item.quote_id,
    item.quote_line_id,
    compared.order_id,
    compared.order_item_id,
    compared.asset_id,
    compared.currency,
    compared.left_net_amount,
    compared.right_net_amount,
    coalesce(greatest(compared.right_net_amount - compared.left_net_amount, 0), 0) as over_net_amount,
    coalesce(greatest(compared.left_net_amount - compared.right_net_amount, 0), 0) as under_net_amount,
    compared.leg_class,
    case when compared.leg_class = 'timing' then compared.billed_by_date end as clears_by_date,
    compared.left_event_ids,
    compared.right_event_ids,
    compared.has_gap,
    compared.has_stale_event,
    compared.has_open_conflict
from compared
left join {{ ref("int_chain_item") }} as item on compared.order_id = item.order_id and compared.order_item_id = item.order_item_id
