-- fact_fallout_case against the cases in the lake, by the month of their first FalloutOpened (none without).
with event_in_lake as (
    {% for event in ["opened", "assigned", "recovered", "reopened"] -%}
    select
        happened.is_counted,
        happened.fallout_case_id,
        happened.aggregate_version,
        happened.event_time,
        '{{ event }}' as event_name,
        {{ "happened.owner_team" if event in ("opened", "assigned") else "cast(null as string)" }} as owner_team,
        {{ "happened.resolution" if event == "recovered" else "cast(null as string)" }} as resolution
    from {{ counted_events("stg_oms__fallout_" ~ event) }} as happened
    {% if not loop.last -%}
    union all
    {% endif -%}
    {% endfor %}
),

folded as (
    select
        happened.fallout_case_id,
        min_by(happened.event_time, case when happened.event_name = 'opened' then happened.aggregate_version end) as opened_at,
        max(case when happened.event_name = 'recovered' then happened.aggregate_version end) as recovered_version,
        max(case when happened.event_name in ('opened', 'reopened') then happened.aggregate_version end) as opened_version,
        max_by(happened.event_time, case when happened.event_name = 'recovered' then happened.aggregate_version end) as recovered_at,
        max_by(happened.resolution, case when happened.event_name = 'recovered' then happened.aggregate_version end) as resolution,
        max_by(happened.owner_team, case when happened.owner_team is not null then happened.aggregate_version end) as owner_team,
        count(case when happened.event_name = 'reopened' then 1 end) as reopen_count
    from event_in_lake as happened
    where happened.is_counted
    group by happened.fallout_case_id
),

lake_row as (
    select
        true as is_counted,
        folded.fallout_case_id,
        folded.opened_at,
        case when folded.recovered_version > coalesce(folded.opened_version, 0) then folded.recovered_at end as recovered_at,
        case when folded.recovered_version > coalesce(folded.opened_version, 0) then folded.resolution end as resolution,
        folded.owner_team,
        folded.reopen_count
    from folded
    union all
    -- Keeps the months of openings that make no row; counts nowhere.
    select distinct
        false as is_counted,
        cast(null as string) as fallout_case_id,
        happened.event_time as opened_at,
        cast(null as timestamp) as recovered_at,
        cast(null as string) as resolution,
        cast(null as string) as owner_team,
        cast(null as bigint) as reopen_count
    from event_in_lake as happened
    where happened.event_name = 'opened'
),

{{ row_pair_sides(
    "fallout_case", "fact_fallout_case", "opened_at",
    {
        "fallout_case_id": "varchar", "opened_at": "timestamp", "recovered_at": "timestamp", "resolution": "varchar",
        "owner_team": "varchar", "reopen_count": "bigint",
    },
) }}
