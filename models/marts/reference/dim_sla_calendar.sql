select
    calendar.region,
    calendar.calendar_date,
    {{ date_key("calendar.calendar_date") }} as date_key,
    calendar.time_zone,
    calendar.holiday_name is not null as is_holiday,
    calendar.holiday_name,
    calendar.opens_at is not null as is_business_day,
    calendar.opens_at,
    calendar.closes_at,
    cast(coalesce({{ seconds_between("calendar.opens_at", "calendar.closes_at") }}, 0) as bigint) as business_seconds
from {{ ref("sla_calendar") }} as calendar
