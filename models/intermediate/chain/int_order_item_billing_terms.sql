{{ config(materialized="table") }}

-- What is to be billed for each order item, and how much of it is due: a one-time item whole once it is completed, an activated one period
-- by period in advance. Due is what should have been billed a few days ago: a billing run may take that long.
with asset_end as (
    select
        asset.order_id,
        asset.order_item_id,
        max(asset.terminated_at) as terminated_at
    from {{ ref("int_asset_state") }} as asset
    where asset.asset_state = 'terminated'
    group by asset.order_id, asset.order_item_id
),

activation as (
    select
        subscription.*,
        case upper(subscription.billing_frequency) when 'MONTHLY' then 1 when 'QUARTERLY' then 3 when 'ANNUAL' then 12 end as period_months,
        row_number() over (
            partition by subscription.order_id, subscription.order_item_id
            order by subscription.activated_at desc, subscription.subscription_id asc
        ) as recency
    from {{ ref("int_subscription_state") }} as subscription
    where subscription.subscription_state = 'active'
),

item as (
    select
        item_state.order_id,
        item_state.order_item_id,
        placed.account_id,
        placed.currency,
        item_state.product_offering_id,
        item_state.charge_type,
        item_state.net_amount,
        placed.order_state in ('CANCELLED', 'FAILED') or coalesce(item_state.item_state, '') in ('CANCELLED', 'FAILED') as is_cancelled,
        case
            when placed.order_state in ('COMPLETED', 'PARTIAL') and coalesce(item_state.item_state, placed.order_state) = 'COMPLETED'
                then cast(greatest(placed.order_state_since, coalesce(item_state.item_state_since, placed.order_state_since)) as date)
        end as completed_date,
        activation.subscription_id is not null as is_activated,
        activation.recurring_net_amount,
        activation.period_months,
        activation.start_date,
        cast(greatest(activation.activated_at, cast(activation.start_date as timestamp)) as date) as billable_date,
        ({{ month_number("activation.end_date") }} - {{ month_number("activation.start_date") }}) as term_months,
        {{ add_days("cast(" ~ as_of() ~ " as date)", "-" ~ var("billing_grace_days")) }} as due_through,
        case
            when asset_end.terminated_at is not null
                then {{ add_days("cast(asset_end.terminated_at as date)", "-" ~ var("billing_grace_days")) }}
        end as ended_date
    from {{ ref("int_order_item_state") }} as item_state
    inner join {{ ref("int_order_state") }} as placed on item_state.order_id = placed.order_id
    left join activation
        on item_state.order_id = activation.order_id and item_state.order_item_id = activation.order_item_id and activation.recency = 1
    left join asset_end on item_state.order_id = asset_end.order_id and item_state.order_item_id = asset_end.order_item_id
)

select
    item.order_id,
    item.order_item_id,
    item.account_id,
    item.currency,
    item.product_offering_id,
    item.charge_type,
    item.net_amount,
    item.is_cancelled,
    item.completed_date,
    item.recurring_net_amount,
    item.period_months,
    item.start_date,
    item.is_activated,
    item.billable_date,
    item.ended_date is not null as is_ended,
    cast(floor(item.term_months / item.period_months) as integer) as period_count,
    case
        when item.is_cancelled or item.net_amount <= 0 then 0
        when not item.is_activated and item.charge_type <> 'USAGE' and item.completed_date <= item.due_through then 1
        when not item.is_activated or item.billable_date > item.due_through or item.period_months is null then 0
        else greatest(
            least(
                cast(floor((
                    {{ whole_months_between("item.start_date", "least(item.due_through, coalesce(item.ended_date, item.due_through))") }}
                ) / item.period_months) as integer) + 1,
                coalesce(cast(floor(item.term_months / item.period_months) as integer), 1200)
            ), 0
        )
    end as due_period_count
from item
