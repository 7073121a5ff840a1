-- The periods that are closed, each as it was closed last.
select
    closed.entity,
    closed.period,
    closed.period_start,
    closed.period_end,
    closed.close_version,
    closed.lake_high_water,
    closed.open_period,
    closed.package
from {{ ref("int_closed_period") }} as closed
