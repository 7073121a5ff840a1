with days as (
    select
        calendar.*,
        cast(coalesce({{ seconds_between("calendar.opens_at", "calendar.closes_at") }}, 0) as bigint) as business_seconds
    from {{ ref("sla_calendar") }} as calendar
)

select
    days.region,
    days.calendar_date,
    {{ date_key("days.calendar_date") }} as date_key,
    days.time_zone,
    days.holiday_name is not null as is_holiday,
    days.holiday_name,
    days.opens_at is not null as is_business_day,
    days.opens_at,
    days.closes_at,
    days.business_seconds,
    cast(
        sum(days.business_seconds) over (partition by days.region order by days.calendar_date) - days.business_seconds as bigint
    ) as business_seconds_before
from days
