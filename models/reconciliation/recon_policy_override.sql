-- fact_policy_override against the first event of each override that the lake holds, with how often it was applied and removed.
with override_in_lake as (
    select
        applied.is_counted,
        applied.quote_id,
        applied.quote_revision,
        applied.line_id,
        applied.policy_id,
        applied.aggregate_version,
        applied.event_time,
        1 as applied,
        0 as removed
    from {{ counted_events("stg_cpq__policy_override_applied") }} as applied
    union all
    select
        removed.is_counted,
        removed.quote_id,
        removed.quote_revision,
        removed.line_id,
        removed.policy_id,
        removed.aggregate_version,
        removed.event_time,
        0 as applied,
        1 as removed
    from {{ counted_events("stg_cpq__policy_override_removed") }} as removed
),

numbered as (
    select
        override_in_lake.*,
        row_number() over (
            partition by
                override_in_lake.is_counted, override_in_lake.quote_id, override_in_lake.quote_revision, override_in_lake.line_id,
                override_in_lake.policy_id
            order by override_in_lake.aggregate_version
        ) as event_number,
        sum(override_in_lake.applied) over one_override as applied_count,
        sum(override_in_lake.removed) over one_override as removed_count
    from override_in_lake
    window one_override as (
        partition by
            override_in_lake.is_counted, override_in_lake.quote_id, override_in_lake.quote_revision, override_in_lake.line_id,
            override_in_lake.policy_id
    )
),

lake_row as (
    select
        numbered.is_counted and numbered.event_number = 1 as is_counted,
        numbered.quote_id,
        numbered.quote_revision,
        numbered.line_id as quote_line_id,
        numbered.policy_id,
        numbered.event_time as first_event_at,
        numbered.applied_count,
        numbered.removed_count
    from numbered
),

{{ row_pair_sides(
    "policy_override", "fact_policy_override", "first_event_at",
    {
        "quote_id": "varchar", "quote_revision": "bigint", "quote_line_id": "varchar", "policy_id": "varchar",
        "first_event_at": "timestamp", "applied_count": "bigint", "removed_count": "bigint",
    },
) }}
