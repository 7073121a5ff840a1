with parsed as (
    select
        {{ event_columns("lake_event") }},
        {{ parse_payload("lake_event.payload", "ApprovalInvalidated") }} as data
    from {{ lake_events("approval", "ApprovalInvalidated") }}
)

select
    {{ event_columns("parsed") }},
    parsed.aggregate_id as approval_request_id,
    parsed.data.reason as reason
from parsed
