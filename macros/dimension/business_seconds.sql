{#
    How many seconds the service desk of a region was open between two moments. Each moment brings its own row of the calendar, so that a span of any length
    costs two joins; a moment of a region or year that the calendar does not have gives NULL, and an end before its start a negative number.

    left join dim_sla_calendar as opened on task.region = opened.region and cast(task.started_at as date) = opened.calendar_date
    left join dim_sla_calendar as ended on task.region = ended.region and cast(task.ended_at as date) = ended.calendar_date

    {{ business_seconds_between("opened", "task.started_at", "ended", "task.ended_at") }}
#}
{% macro business_seconds_between(start_calendar, start, end_calendar, end) -%}
    ({{ business_seconds_until(end_calendar, end) }} - {{ business_seconds_until(start_calendar, start) }})
{%- endmacro %}

{# Open seconds from the first day of the calendar to the moment, of whose day `calendar` is the row. A desk opens and closes within one day of UTC. #}
{% macro business_seconds_until(calendar, moment) -%}
    ({{ calendar }}.business_seconds_before + case
        when {{ moment }} >= {{ calendar }}.closes_at then {{ calendar }}.business_seconds
        when {{ moment }} > {{ calendar }}.opens_at then {{ seconds_between(calendar ~ ".opens_at", moment) }}
        when {{ moment }} is not null then 0
    end)
{%- endmacro %}
