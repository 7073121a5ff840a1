select
    closed.entity,
    closed.region,
    closed.period,
    closed.period_start,
    closed.period_end,
    closed.close_version,
    closed.lake_high_water,
    closed.open_period,
    closed.package
from {{ ref("stg_close__period") }} as closed
