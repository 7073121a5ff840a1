{{ config(materialized="incremental", unique_key="aggregate_id", incremental_strategy="touched", touched="*") }}

-- Per aggregate, what its state is short of: versions that never arrived, events that lost their version to another, open conflicts.
with counted as (
    select
        sequenced.aggregate_type,
        sequenced.aggregate_id,
        sequenced.aggregate_version,
        lag(sequenced.aggregate_version, 1, cast(0 as bigint)) over (
            partition by sequenced.aggregate_type, sequenced.aggregate_id
            order by sequenced.aggregate_version, sequenced.is_stale
        ) as version_before,
        sequenced.is_stale
    from {{ ref("int_event_sequenced") }} as sequenced
    where
        not sequenced.is_superseded
        and {{ is_touched("sequenced.aggregate_id", "*") }}
),

folded as (
    select
        counted.aggregate_type,
        counted.aggregate_id,
        max(counted.aggregate_version) as max_version,
        max(counted.aggregate_version) - count(distinct counted.aggregate_version) as missing_version_count,
        min(case when counted.aggregate_version - counted.version_before > 1 then counted.version_before + 1 end) as first_missing_version,
        count(*) filter (where counted.is_stale) as stale_event_count
    from counted
    group by counted.aggregate_type, counted.aggregate_id
),

conflicted as (
    select
        conflict.aggregate_type,
        conflict.aggregate_id,
        count(*) as open_conflict_count
    from {{ ref("int_conflict_state") }} as conflict
    where conflict.is_open
    group by conflict.aggregate_type, conflict.aggregate_id
)

select
    coalesce(folded.aggregate_type, conflicted.aggregate_type) as aggregate_type,
    coalesce(folded.aggregate_id, conflicted.aggregate_id) as aggregate_id,
    coalesce(folded.max_version, 0) as max_version,
    coalesce(folded.missing_version_count, 0) as missing_version_count,
    folded.first_missing_version,
    coalesce(folded.stale_event_count, 0) as stale_event_count,
    coalesce(conflicted.open_conflict_count, 0) as open_conflict_count,
    coalesce(folded.missing_version_count, 0) > 0 as has_gap,
    coalesce(folded.stale_event_count, 0) > 0 as has_stale_event,
    coalesce(conflicted.open_conflict_count, 0) > 0 as has_open_conflict
from folded
full outer join conflicted on folded.aggregate_type = conflicted.aggregate_type and folded.aggregate_id = conflicted.aggregate_id
