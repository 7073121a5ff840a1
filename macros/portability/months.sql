{# Months since the year 0 of a date or moment: the difference of two is how many calendar months lie between them. #}
{% macro month_number(moment) -%}
    cast(extract(year from {{ moment }}) * 12 + extract(month from {{ moment }}) - 1 as integer)
{%- endmacro %}

{# The month of a month_number as text, such as 2026-10. #}
{% macro month_text_of_number(number) -%}
    concat_ws(
        '', lpad(cast(cast(floor(({{ number }}) / 12) as integer) as string), 4, '0'), '-',
        lpad(cast(({{ number }}) - cast(floor(({{ number }}) / 12) as integer) * 12 + 1 as string), 2, '0')
    )
{%- endmacro %}

{# Whole months that have passed from one day to another: one that began on the 31st has passed on the 1st after a shorter one. #}
{% macro whole_months_between(start, day) -%}
    (
        {{ month_number(day) }} - {{ month_number(start) }}
        - case when extract(day from {{ day }}) < extract(day from {{ start }}) then 1 else 0 end
    )
{%- endmacro %}

{# The first day of the month of a date or moment, and of the month after it. #}
{% macro month_start(moment) -%}
    cast(date_trunc('month', {{ moment }}) as date)
{%- endmacro %}

{% macro next_month_start(day) -%}
    {{ month_start(add_days(month_start(day), 31)) }}
{%- endmacro %}
