{{ config(materialized="table") }}

-- Every conflict with the aggregates that it concerns: the one its new content names and the one the accepted event belongs to.
with resolved as (
    select distinct resolution.arrival_seq
    from {{ ref("stg_lake__resolution") }} as resolution
    where resolution.decision in ('keep_first', 'take_second')
),

concerned as (
    select
        conflict.arrival_seq,
        conflict.aggregate_type,
        conflict.aggregate_id
    from {{ ref("stg_lake__conflict") }} as conflict
    union
    select
        conflict.arrival_seq,
        existing.aggregate_type,
        existing.aggregate_id
    from {{ ref("stg_lake__conflict") }} as conflict
    inner join {{ ref("int_event_sequenced") }} as existing on conflict.existing_arrival_seq = existing.arrival_seq
)

select
    concerned.arrival_seq,
    concerned.aggregate_type,
    concerned.aggregate_id,
    resolved.arrival_seq is null as is_open
from concerned
left join resolved on concerned.arrival_seq = resolved.arrival_seq
where concerned.aggregate_type is not null and concerned.aggregate_id is not null
