with parsed as (
    select
        {{ event_columns("lake_event") }},
        {{ parse_payload("lake_event.payload", "TaskRetried") }} as data
    from {{ lake_events("fulfillment", "TaskRetried") }}
)

select
    {{ event_columns("parsed") }},
    parsed.aggregate_id as task_id,
    parsed.data.retryCount as retry_count,
    parsed.data.errorCode as error_code
from parsed
