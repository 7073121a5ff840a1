with parsed as (
    select
        {{ event_columns("lake_event") }},
        {{ parse_payload("lake_event.payload", "FalloutRecovered") }} as data
    from {{ lake_events("fulfillment", "FalloutRecovered") }}
)

select
    {{ event_columns("parsed") }},
    parsed.aggregate_id as fallout_case_id,
    parsed.data.resolution
from parsed
