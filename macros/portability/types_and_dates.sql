{# What engines write differently: lists, time, dates. #}

{# A lateral join that gives one row per element of a list; position, when named, counts from 1. #}
{% macro explode(list, element, position=none) -%}
    {{ return(adapter.dispatch("explode", "tieout")(list, element, position)) }}
{%- endmacro %}

{% macro duckdb__explode(list, element, position) -%}
    {%- if position -%}
    cross join unnest({{ list }}) with ordinality as {{ element }}_list ({{ element }}, {{ position }})
    {%- else -%}
    cross join unnest({{ list }}) as {{ element }}_list ({{ element }})
    {%- endif -%}
{%- endmacro %}

{# A lateral view follows every join of its FROM clause, so `explode` comes last there. posexplode counts from 0. #}
{% macro spark__explode(list, element, position) -%}
    {%- if position -%}
    lateral view posexplode({{ list }}) {{ element }}_list as {{ position }}_before, {{ element }}
    lateral view explode(array({{ position }}_before + 1)) {{ position }}_list as {{ position }}
    {%- else -%}
    lateral view explode({{ list }}) {{ element }}_list as {{ element }}
    {%- endif -%}
{%- endmacro %}

{# Microseconds since the epoch, as an integer. #}
{% macro epoch_microseconds(timestamp) -%}
    {{ return(adapter.dispatch("epoch_microseconds", "tieout")(timestamp)) }}
{%- endmacro %}

{% macro duckdb__epoch_microseconds(timestamp) -%}
    epoch_us({{ timestamp }})
{%- endmacro %}

{% macro spark__epoch_microseconds(timestamp) -%}
    unix_micros({{ timestamp }})
{%- endmacro %}

{# Whole seconds that passed from start to end (negative when end is earlier); NULL when either is. #}
{% macro seconds_between(start, end) -%}
    {{ return(adapter.dispatch("seconds_between", "tieout")(start, end)) }}
{%- endmacro %}

{% macro duckdb__seconds_between(start, end) -%}
    cast(({{ epoch_microseconds(end) }} - {{ epoch_microseconds(start) }}) // 1000000 as bigint)
{%- endmacro %}

{% macro spark__seconds_between(start, end) -%}
    (({{ epoch_microseconds(end) }} - {{ epoch_microseconds(start) }}) div 1000000)
{%- endmacro %}

{# A moment moved by a number of seconds. #}
{% macro add_seconds(moment, seconds) -%}
    {{ return(adapter.dispatch("add_seconds", "tieout")(moment, seconds)) }}
{%- endmacro %}

{% macro duckdb__add_seconds(moment, seconds) -%}
    {{ moment }} + to_seconds({{ seconds }})
{%- endmacro %}

{% macro spark__add_seconds(moment, seconds) -%}
    {{ moment }} + make_dt_interval(0, 0, 0, {{ seconds }})
{%- endmacro %}

{# The day as an integer yyyymmdd, the key of dim_date; NULL where the moment is. #}
{% macro date_key(moment) -%}
    cast(extract(year from {{ moment }}) * 10000 + extract(month from {{ moment }}) * 100 + extract(day from {{ moment }}) as integer)
{%- endmacro %}

{# The month of a UTC moment or a date as text, such as 2026-10: the time part of a partition and the period of an invoice. #}
{% macro month_text(moment) -%}
    substr(cast(cast({{ moment }} as date) as string), 1, 7)
{%- endmacro %}

{# The as-of time of this build. No model reads the clock. #}
{% macro as_of() -%}
    {{ required_moment("as_of") }}
{%- endmacro %}

{% macro required_moment(name) -%}
    {%- if execute and not var(name) -%}
        {{ exceptions.raise_compiler_error("var " ~ name ~ " is required: pass a UTC timestamp such as '2026-11-01 00:00:00'") }}
    {%- endif -%}
    cast('{{ var(name) }}' as timestamp)
{%- endmacro %}

{# Monday is 1, Sunday is 7. #}
{% macro iso_day_of_week(day) -%}
    {{ return(adapter.dispatch("iso_day_of_week", "tieout")(day)) }}
{%- endmacro %}

{% macro duckdb__iso_day_of_week(day) -%}
    cast(extract(isodow from {{ day }}) as integer)
{%- endmacro %}

{# The names of the fields of a JSON object, as a list of texts; NULL for NULL. #}
{% macro json_field_names(object) -%}
    {{ return(adapter.dispatch("json_field_names", "tieout")(object)) }}
{%- endmacro %}

{% macro duckdb__json_field_names(object) -%}
    json_keys({{ object }})
{%- endmacro %}

{% macro spark__json_field_names(object) -%}
    json_object_keys({{ object }})
{%- endmacro %}

{% macro spark__iso_day_of_week(day) -%}
    (weekday({{ day }}) + 1)
{%- endmacro %}
