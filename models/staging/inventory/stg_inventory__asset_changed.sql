with parsed as (
    select
        {{ event_columns("lake_event") }},
        {{ parse_payload("lake_event.payload", "AssetChanged") }} as data
    from {{ lake_events("asset", "AssetChanged") }}
)

select
    {{ event_columns("parsed") }},
    parsed.aggregate_id as asset_id,
    parsed.data.quantity,
    parsed.data.recurringNetAmount as recurring_net_amount,
    parsed.data.orderId as order_id,
    parsed.data.orderItemId as order_item_id
from parsed
