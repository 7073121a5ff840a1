-- Quarantined lines that no resolution has settled, per source; lines whose source could not be read are under unknown.
with resolved as (
    select distinct resolution.arrival_seq
    from {{ ref("stg_lake__resolution") }} as resolution
),

open_line as (
    select
        coalesce(lake_quarantine.source_system, 'unknown') as source_system,
        count(*) as line_count,
        min(
            concat_ws(
                '', lake_quarantine.file_name, ' line ', cast(lake_quarantine.line_number as string), ': ',
                coalesce(lake_quarantine.reason_code, 'no reason')
            )
        ) as example
    from {{ lake_quarantine() }}
    left join resolved on lake_quarantine.arrival_seq = resolved.arrival_seq
    where lake_quarantine.verdict = 'quarantined' and resolved.arrival_seq is null
    group by coalesce(lake_quarantine.source_system, 'unknown')
),

landed as (
    select distinct lake_event.source_system
    from {{ lake_envelopes() }}
)

select
    'quarantine' as check_key,
    coalesce(landed.source_system, open_line.source_system) as partition,
    'source' as kind,
    'warning' as severity,
    coalesce(open_line.line_count, 0) as left_count,
    cast(0 as bigint) as right_count,
    open_line.example
from landed
full outer join open_line on landed.source_system = open_line.source_system
