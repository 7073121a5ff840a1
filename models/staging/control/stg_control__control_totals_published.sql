with parsed as (
    select
        {{ event_columns("lake_event") }},
        {{ parse_payload("lake_event.payload", "ControlTotalsPublished") }} as data
    from {{ lake_events("control", "ControlTotalsPublished") }}
)

select
    {{ event_columns("parsed") }},
    parsed.aggregate_id as control_total_id,
    parsed.data.system,
    cast(parsed.data.periodStart as date) as period_start,
    cast(parsed.data.periodEnd as date) as period_end,
    parsed.data.totals
from parsed
