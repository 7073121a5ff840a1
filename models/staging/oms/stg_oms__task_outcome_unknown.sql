with parsed as (
    select
        {{ event_columns("lake_event") }},
        {{ parse_payload("lake_event.payload", "TaskOutcomeUnknown") }} as data
    from {{ lake_events("fulfillment", "TaskOutcomeUnknown") }}
)

select
    {{ event_columns("parsed") }},
    parsed.aggregate_id as task_id,
    parsed.data.errorCode as error_code
from parsed
