-- What an index of quotes is held against: those of quote_worklist, as they are at the moment of the documents.
with active as (
    select
        work.quote_id,
        work.quote_revision,
        work.quote_number,
        work.account_id,
        work.owner,
        work.status,
        work.expires_at,
        work.source_system,
        work.source_event_id as event_id,
        work.source_version as aggregate_version,
        work.source_event_time as event_time,
        work.projected_at
    from {{ ref("quote_worklist") }} as work
)

select
    active.quote_id,
    active.quote_revision,
    active.quote_number,
    active.account_id,
    active.owner,
    active.status,
    active.expires_at,
    {{ projection_columns("active") }}
from active
