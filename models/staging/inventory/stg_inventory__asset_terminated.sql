with parsed as (
    select
        {{ event_columns("lake_event") }},
        {{ parse_payload("lake_event.payload", "AssetTerminated") }} as data
    from {{ lake_events("asset", "AssetTerminated") }}
)

select
    {{ event_columns("parsed") }},
    parsed.aggregate_id as asset_id,
    parsed.data.reasonCode as reason_code
from parsed
