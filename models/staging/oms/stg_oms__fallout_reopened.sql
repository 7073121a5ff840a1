with parsed as (
    select
        {{ event_columns("lake_event") }},
        {{ parse_payload("lake_event.payload", "FalloutReopened") }} as data
    from {{ lake_events("fulfillment", "FalloutReopened") }}
)

select
    {{ event_columns("parsed") }},
    parsed.aggregate_id as fallout_case_id,
    parsed.data.reasonCode as reason_code
from parsed
