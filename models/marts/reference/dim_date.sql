-- Every day of the fiscal calendar.
with days as (
    select
        period.*,
        {{ add_days("period.start_date", "day_of_period.number") }} as calendar_date,
        day_of_period.number + 1 as day_of_fiscal_period
    from {{ ref("fiscal_period") }} as period
    cross join {{ numbers(0, 60) }} as day_of_period
    where {{ add_days("period.start_date", "day_of_period.number") }} <= period.end_date
)

select
    {{ date_key("days.calendar_date") }} as date_key,
    days.calendar_date,
    cast(extract(year from days.calendar_date) as integer) as calendar_year,
    cast(extract(quarter from days.calendar_date) as integer) as calendar_quarter,
    cast(extract(month from days.calendar_date) as integer) as calendar_month,
    cast(extract(day from days.calendar_date) as integer) as day_of_month,
    {{ iso_day_of_week("days.calendar_date") }} as iso_day_of_week,
    {{ iso_day_of_week("days.calendar_date") }} >= 6 as is_weekend,
    days.fiscal_year,
    days.fiscal_quarter,
    days.fiscal_period,
    days.period_number as fiscal_period_number,
    days.start_date as fiscal_period_start_date,
    days.end_date as fiscal_period_end_date,
    days.day_of_fiscal_period
from days
