-- Lines that landed and can go nowhere, by the reason that holds them back, with the one that has waited longest: in all, and per reason.
with resolved as (
    select distinct resolution.arrival_seq
    from {{ ref("stg_lake__resolution") }} as resolution
),

open_line as (
    select
        coalesce(lake_quarantine.reason_code, lake_quarantine.verdict) as reason_code,
        count(*) as line_count,
        min_by(
            concat_ws(
                '', lake_quarantine.file_name, ' line ', cast(lake_quarantine.line_number as string), ' of batch ',
                cast(lake_quarantine.batch_seq as string)
            ),
            lake_quarantine.arrival_seq
        ) as example
    from {{ lake_quarantine() }}
    left join resolved on lake_quarantine.arrival_seq = resolved.arrival_seq
    where resolved.arrival_seq is null
    group by coalesce(lake_quarantine.reason_code, lake_quarantine.verdict)
)

select
    'dead_letter' as check_key,
    'dead_letter' as partition,
    'source' as kind,
    'warning' as severity,
    cast(coalesce(sum(open_line.line_count), 0) as bigint) as left_count,
    cast(0 as bigint) as right_count,
    min(open_line.example) as example
from open_line
union all
select
    'dead_letter' as check_key,
    concat_ws('/', 'dead_letter', open_line.reason_code) as partition,
    'source' as kind,
    'warning' as severity,
    open_line.line_count as left_count,
    cast(0 as bigint) as right_count,
    open_line.example
from open_line
