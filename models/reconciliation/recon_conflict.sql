-- Conflicts that nobody has resolved, per source and event type; types without one are there with none.
with resolved as (
    select distinct resolution.arrival_seq
    from {{ ref("stg_lake__resolution") }} as resolution
),

open_conflict as (
    select
        lake_quarantine.source_system,
        lake_quarantine.event_type,
        count(*) as conflict_count,
        min(
            concat_ws(
                '', lake_quarantine.event_id, ' in ', lake_quarantine.file_name, ' line ', cast(lake_quarantine.line_number as string)
            )
        ) as example
    from {{ lake_quarantine() }}
    left join resolved on lake_quarantine.arrival_seq = resolved.arrival_seq
    where lake_quarantine.verdict = 'conflict' and resolved.arrival_seq is null
    group by lake_quarantine.source_system, lake_quarantine.event_type
),

landed as (
    select distinct
        lake_event.source_system,
        lake_event.event_type
    from {{ lake_envelopes() }}
)

select
    'conflict' as check_key,
    concat_ws(
        '', coalesce(landed.source_system, open_conflict.source_system, 'unknown'), '/',
        coalesce(landed.event_type, open_conflict.event_type, 'unknown')
    ) as partition,
    'source' as kind,
    'critical' as severity,
    coalesce(open_conflict.conflict_count, 0) as left_count,
    cast(0 as bigint) as right_count,
    open_conflict.example
from landed
full outer join open_conflict on landed.source_system = open_conflict.source_system and landed.event_type = open_conflict.event_type
