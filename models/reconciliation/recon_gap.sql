-- Versions that are missing below one that is present, counted in the month of the event that shows it: lost events until they arrive.
with followed as (
    select
        lake_event.aggregate_type,
        lake_event.aggregate_id,
        lake_event.aggregate_version,
        lake_event.event_time,
        lag(lake_event.aggregate_version, 1, cast(0 as bigint)) over (
            partition by lake_event.aggregate_type, lake_event.aggregate_id
            order by lake_event.aggregate_version, lake_event.event_time
        ) as version_before
    from {{ lake_envelopes() }}
    left join {{ ref("recon_event_set_aside") }} as set_aside
        on lake_event.arrival_seq = set_aside.arrival_seq and set_aside.reason = 'superseded'
    where set_aside.arrival_seq is null
),

counted as (
    select
        followed.*,
        greatest(followed.aggregate_version - followed.version_before - 1, 0) as missing_count
    from followed
)

select
    'gap' as check_key,
    concat_ws('', counted.aggregate_type, '/', {{ month_text("counted.event_time") }}) as partition,
    'source' as kind,
    'critical' as severity,
    cast(sum(counted.missing_count) as bigint) as left_count,
    cast(0 as bigint) as right_count,
    min(
        case
            when counted.missing_count > 0
                then concat_ws('', counted.aggregate_id, ' before version ', cast(counted.aggregate_version as string))
        end
    ) as example
from counted
group by counted.aggregate_type, {{ month_text("counted.event_time") }}
