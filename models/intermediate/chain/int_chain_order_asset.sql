-- The order-asset leg: an item that adds something against what the inventory made of it. Nobody publishes which offerings become assets:
-- one is expected of an offering of which there is any. An asset states an amount per period, which is compared over the activated term.
with offered as (
    select distinct asset.product_offering_id
    from {{ ref("int_asset_state") }} as asset
),

item as (
    select
        chained.*,
        terms.is_cancelled,
        terms.completed_date,
        terms.period_count,
        {{ grace_after("coalesce(terms.completed_date, chained.promised_date)") }} as expected_by_date,
        offered.product_offering_id is not null and chained.item_action = 'ADD' and not terms.is_cancelled as is_expected
    from {{ ref("int_chain_item") }} as chained
    inner join {{ ref("int_order_item_billing_terms") }} as terms
        on chained.order_id = terms.order_id and chained.order_item_id = terms.order_item_id
    left join offered on chained.product_offering_id = offered.product_offering_id
),

compared as (
    select
        coalesce(item.order_id, asset.order_id) as order_id,
        coalesce(item.order_item_id, asset.order_item_id) as order_item_id,
        coalesce(item.currency, asset.currency) as currency,
        item.quote_id,
        item.quote_line_id,
        item.source_event_id,
        item.expected_by_date,
        item.period_count,
        asset.first_asset_id as asset_id,
        asset.event_ids,
        {{ integrity_flags("asset") }},
        case when item.order_id is null or item.is_cancelled then 0 else item.net_amount end as left_net_amount,
        case
            when asset.order_id is null then 0
            when asset.currency = item.currency and asset.last_currency = item.currency
                then asset.recurring_net_amount * item.period_count
        end as right_net_amount,
        case
            when asset.order_id is null and (item.completed_date is null or {{ is_within("item.expected_by_date") }}) then 'timing'
            when asset.order_id is null then 'missing_asset'
            when item.order_id is null or item.is_cancelled then 'unexpected'
            when asset.currency <> item.currency or asset.last_currency <> item.currency then 'currency'
            when asset.account_id <> item.account_id or asset.last_account_id <> item.account_id then 'account'
            when asset.product_offering_id <> item.product_offering_id or asset.last_product_offering_id <> item.product_offering_id
                then 'product'
            when asset.quantity <> item.quantity then 'quantity'
            when asset.recurring_net_amount * item.period_count <> item.net_amount then 'price'
            else 'matched'
        end as leg_class
    from item
    full outer join {{ ref("int_chain_item_asset") }} as asset
        on item.order_id = asset.order_id and item.order_item_id = asset.order_item_id
    where asset.order_id is not null or item.is_expected
)

select
    compared.quote_id,
    compared.quote_line_id,
    compared.order_id,
    compared.order_item_id,
    compared.asset_id,
    compared.currency,
    compared.left_net_amount,
    compared.right_net_amount,
    coalesce(greatest(compared.right_net_amount - compared.left_net_amount, 0), 0) as over_net_amount,
    coalesce(greatest(compared.left_net_amount - compared.right_net_amount, 0), 0) as under_net_amount,
    coalesce(compared.period_count, 1) as rounded_amount_count,
    compared.leg_class,
    case when compared.leg_class = 'timing' then compared.expected_by_date end as clears_by_date,
    {{ escaped("compared.source_event_id") }} as left_event_ids,
    compared.event_ids as right_event_ids,
    compared.has_gap,
    compared.has_stale_event,
    compared.has_open_conflict
from compared
