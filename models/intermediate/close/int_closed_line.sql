select
    closed.entity,
    closed.period,
    closed.close_version,
    closed.line_type,
    closed.line_key,
    closed.currency,
    closed.amount,
    closed.happened_at,
    closed.source_event_id,
    closed.arrival_seq
from {{ ref("stg_close__line") }} as closed
