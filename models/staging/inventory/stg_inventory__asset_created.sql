with parsed as (
    select
        {{ event_columns("lake_event") }},
        {{ parse_payload("lake_event.payload", "AssetCreated") }} as data
    from {{ lake_events("asset", "AssetCreated") }}
)

select
    {{ event_columns("parsed") }},
    parsed.aggregate_id as asset_id,
    parsed.data.accountId as account_id,
    parsed.data.orderId as order_id,
    parsed.data.orderItemId as order_item_id,
    parsed.data.productOfferingId as product_offering_id,
    parsed.data.quantity,
    parsed.data.currency,
    parsed.data.recurringNetAmount as recurring_net_amount,
    parsed.data.billingAccountId as billing_account_id,
    cast(parsed.data.startDate as date) as start_date
from parsed
