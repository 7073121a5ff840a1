-- One row per measure and currency of each ControlTotalsPublished, of every version published.
select
    {{ event_columns("published") }},
    published.control_total_id,
    published.system,
    published.period_start,
    published.period_end,
    total.measure,
    total.currency,
    total.count as total_count,
    total.amount as total_amount
from {{ ref("stg_control__control_totals_published") }} as published
{{ explode("published.totals", "total") }}
