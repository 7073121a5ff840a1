with parsed as (
    select
        {{ event_columns("lake_event") }},
        {{ parse_payload("lake_event.payload", "BillingActivated") }} as data
    from {{ lake_events("billing", "BillingActivated") }}
)

select
    {{ event_columns("parsed") }},
    parsed.aggregate_id as subscription_id,
    parsed.data.orderId as order_id,
    parsed.data.orderItemId as order_item_id,
    parsed.data.assetId as asset_id,
    parsed.data.accountId as account_id,
    parsed.data.billingAccountId as billing_account_id,
    parsed.data.currency,
    parsed.data.recurringNetAmount as recurring_net_amount,
    parsed.data.billingFrequency as billing_frequency,
    cast(parsed.data.startDate as date) as start_date,
    cast(parsed.data.endDate as date) as end_date
from parsed
