-- What an index of orders is held against: those of order_tracking, as they are at the moment of the documents.
with active as (
    select
        work.order_id,
        work.order_number,
        work.account_id,
        work.status,
        work.is_open,
        work.promised_completion_at,
        work.source_system,
        work.source_event_id as event_id,
        work.source_version as aggregate_version,
        work.source_event_time as event_time,
        work.projected_at
    from {{ ref("order_tracking") }} as work
)

select
    active.order_id,
    active.order_number,
    active.account_id,
    active.status,
    active.is_open,
    active.promised_completion_at,
    {{ projection_columns("active") }}
from active
