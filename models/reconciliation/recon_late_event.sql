-- Events that their source recorded more than a day after they happened, by the month in which they happened. Nothing is wrong with them,
-- but what was reported of that month before they came was short of them.
select
    'late_event' as check_key,
    concat_ws('', lake_event.source_system, '/', {{ month_text("lake_event.event_time") }}) as partition,
    'source' as kind,
    'warning' as severity,
    count(*) filter (where {{ seconds_between("lake_event.event_time", "lake_event.recorded_time") }} > 86400) as left_count,
    cast(0 as bigint) as right_count,
    min(
        case
            when {{ seconds_between("lake_event.event_time", "lake_event.recorded_time") }} > 86400
                then concat_ws('', lake_event.event_id, ' recorded ', substr(cast(lake_event.recorded_time as string), 1, 10))
        end
    ) as example
from {{ lake_envelopes() }}
group by lake_event.source_system, {{ month_text("lake_event.event_time") }}
