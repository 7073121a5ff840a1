{# What has been closed, as the closes left it: one file each of periods, lines, booked adjustments, KPIs and exchange rates (orchestration/closing/index.py). #}
{% macro close_index(name) -%}
    {{ return(adapter.dispatch("close_index", "tieout")(name)) }}
{%- endmacro %}

{% macro duckdb__close_index(name) -%}
    read_parquet('{{ var("closes_path") }}/{{ name }}.parquet')
{%- endmacro %}

{% macro spark__close_index(name) -%}
    parquet.`{{ var("closes_path") }}/{{ name }}.parquet`
{%- endmacro %}

{# Texts as one key: each escaped, joined with |; a NULL among them is an empty text. #}
{% macro key_text(columns) -%}
    concat_ws('|'{% for column in columns %}, {{ escaped("coalesce(" ~ column ~ ", '')") }}{% endfor %})
{%- endmacro %}

{# Whether something of a region is an entity's, which may book all regions (*) or several, joined with |; what has no region is of `*` alone. #}
{% macro books(regions, region) -%}
    ({{ regions }} = '*' or instr(concat_ws('', '|', {{ regions }}, '|'), concat_ws('', '|', {{ region }}, '|')) > 0)
{%- endmacro %}
