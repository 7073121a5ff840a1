select
    {{ event_columns("lake_event") }},
    lake_event.aggregate_id as task_id
from {{ lake_events("fulfillment", "TaskCancelled") }}
