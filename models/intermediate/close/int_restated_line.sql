{{ config(materialized="table") }}

-- The lines that belong to a closed period as they are today, whatever the period was closed with.
select
    closed.entity,
    closed.period,
    line.line_type,
    line.line_key,
    line.currency,
    line.amount,
    line.happened_at,
    line.source_event_id,
    line.arrival_seq
from {{ ref("int_closed_period") }} as closed
inner join {{ ref("closable_line") }} as line
    on closed.period_start <= line.happened_at and closed.period_end > line.happened_at
where
    line.amount is not null
    and {{ books("closed.region", "line.region") }}
