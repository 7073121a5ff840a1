-- A fiscal period starts on the day after the one before it ends.
with ordered as (
    select
        period.fiscal_period,
        period.start_date,
        period.end_date,
        lag(period.end_date) over (order by period.start_date) as end_date_before
    from {{ ref("fiscal_period") }} as period
)

select ordered.fiscal_period
from ordered
where
    ordered.end_date < ordered.start_date
    or ordered.start_date <> {{ add_days("ordered.end_date_before", 1) }}
