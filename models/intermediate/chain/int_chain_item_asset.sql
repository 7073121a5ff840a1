-- What the inventory made of each order item, as the events of that order and changes that name no order say: what later orders made of an
-- asset is theirs.
with happened as (
    select
        made.order_id,
        made.order_item_id,
        made.asset_id,
        event.aggregate_version,
        event.quantity,
        event.recurring_net_amount,
        event.event_id
    from {{ ref("int_asset_state") }} as made
    inner join {{ applied_events("int_asset_event") }} as event
        on
            made.asset_id = event.asset_id
            and coalesce(event.last_order_id, made.order_id) = made.order_id
            and coalesce(event.last_order_item_id, made.order_item_id) = made.order_item_id
),

held as (
    select
        happened.asset_id,
        max_by(happened.quantity, case when happened.quantity is not null then happened.aggregate_version end) as quantity,
        max_by(
            happened.recurring_net_amount, case when happened.recurring_net_amount is not null then happened.aggregate_version end
        ) as recurring_net_amount
    from happened
    group by happened.asset_id
),

told as (
    select
        happened.order_id,
        happened.order_item_id,
        {{ distinct_texts("happened.event_id") }} as event_ids
    from happened
    group by happened.order_id, happened.order_item_id
),

summed as (
    select
        made.order_id,
        made.order_item_id,
        count(*) as asset_count,
        min(made.asset_id) as first_asset_id,
        min(made.currency) as currency,
        max(made.currency) as last_currency,
        min(made.account_id) as account_id,
        max(made.account_id) as last_account_id,
        min(made.product_offering_id) as product_offering_id,
        max(made.product_offering_id) as last_product_offering_id,
        sum(held.quantity) as quantity,
        sum(held.recurring_net_amount) as recurring_net_amount,
        bool_or(coalesce(integrity.has_gap, false)) as has_gap,
        bool_or(coalesce(integrity.has_stale_event, false)) as has_stale_event,
        bool_or(coalesce(integrity.has_open_conflict, false)) as has_open_conflict
    from {{ ref("int_asset_state") }} as made
    inner join held on made.asset_id = held.asset_id
    left join {{ ref("int_aggregate_integrity") }} as integrity
        on made.asset_id = integrity.aggregate_id and integrity.aggregate_type = 'Asset'
    group by made.order_id, made.order_item_id
)

select
    summed.*,
    told.event_ids
from summed
inner join told on summed.order_id = told.order_id and summed.order_item_id = told.order_item_id
