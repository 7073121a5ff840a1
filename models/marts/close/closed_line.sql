-- As reported: the lines of every closed period as they were frozen.
select
    closed.entity,
    closed.period,
    closed.close_version,
    closed.line_type,
    closed.line_key,
    closed.currency,
    closed.amount,
    closed.happened_at,
    closed.source_event_id
from {{ ref("int_closed_line") }} as closed
