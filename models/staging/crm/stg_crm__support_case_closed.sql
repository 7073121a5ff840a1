with parsed as (
    select
        {{ event_columns("lake_event") }},
        {{ parse_payload("lake_event.payload", "SupportCaseClosed") }} as data
    from {{ lake_events("support", "SupportCaseClosed") }}
)

select
    {{ event_columns("parsed") }},
    parsed.aggregate_id as support_case_id,
    parsed.data.accountId as account_id,
    parsed.data.orderId as order_id,
    parsed.data.assetId as asset_id,
    parsed.data.title,
    parsed.data.severity
from parsed
