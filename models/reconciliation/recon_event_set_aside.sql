{{ config(materialized="table") }}

-- Accepted events that do not apply, told from the lake's envelopes alone: stale ones (of several with one version, all but the one with
-- the smallest recorded time or else event time, then event id) and those that a resolved conflict replaced.
with envelope as (
    select
        lake_event.arrival_seq,
        lake_event.source_system,
        lake_event.event_id,
        lake_event.aggregate_type,
        lake_event.aggregate_id,
        lake_event.aggregate_version,
        lake_event.event_time,
        lake_event.recorded_time,
        lake_event.replaces_arrival_seq
    from {{ lake_envelopes() }}
),

standing as (
    select envelope.*
    from envelope
    where
        envelope.arrival_seq not in (
            select replacing.replaces_arrival_seq
            from envelope as replacing
            where replacing.replaces_arrival_seq is not null
        )
),

contested as (
    select
        standing.aggregate_type,
        standing.aggregate_id,
        standing.aggregate_version
    from standing
    group by standing.aggregate_type, standing.aggregate_id, standing.aggregate_version
    having count(*) > 1
),

ranked as (
    select
        standing.*,
        row_number() over (
            partition by standing.aggregate_type, standing.aggregate_id, standing.aggregate_version
            order by coalesce(standing.recorded_time, standing.event_time), standing.event_id, standing.source_system, standing.arrival_seq
        ) as place
    from standing
    inner join contested
        on
            standing.aggregate_type = contested.aggregate_type
            and standing.aggregate_id = contested.aggregate_id
            and standing.aggregate_version = contested.aggregate_version
)

select
    ranked.arrival_seq,
    ranked.aggregate_type,
    ranked.aggregate_id,
    ranked.event_time,
    'stale' as reason
from ranked
where ranked.place > 1
union all
select
    envelope.arrival_seq,
    envelope.aggregate_type,
    envelope.aggregate_id,
    envelope.event_time,
    'superseded' as reason
from envelope
left join standing on envelope.arrival_seq = standing.arrival_seq
where standing.arrival_seq is null
