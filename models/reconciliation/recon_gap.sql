-- Versions that are missing below one that is present, counted in the month of the event that shows it: lost events until they arrive.
with envelope as (
    select
        lake_event.aggregate_type,
        lake_event.aggregate_id,
        lake_event.aggregate_version,
        min(lake_event.event_time) as event_time
    from {{ lake_envelopes() }}
    left join {{ ref("recon_event_set_aside") }} as set_aside
        on lake_event.arrival_seq = set_aside.arrival_seq and set_aside.reason = 'superseded'
    where set_aside.arrival_seq is null
    group by lake_event.aggregate_type, lake_event.aggregate_id, lake_event.aggregate_version
),

followed as (
    select
        envelope.*,
        envelope.aggregate_version - 1 - lag(envelope.aggregate_version, 1, cast(0 as bigint)) over (
            partition by envelope.aggregate_type, envelope.aggregate_id
            order by envelope.aggregate_version
        ) as missing_count
    from envelope
)

select
    'gap' as check_key,
    concat(followed.aggregate_type, '/', {{ month_text("followed.event_time") }}) as partition,
    'source' as kind,
    'critical' as severity,
    cast(sum(followed.missing_count) as bigint) as left_count,
    cast(0 as bigint) as right_count,
    min(
        case
            when followed.missing_count > 0
                then concat(followed.aggregate_id, ' before version ', cast(followed.aggregate_version as varchar))
        end
    ) as example
from followed
group by followed.aggregate_type, {{ month_text("followed.event_time") }}
