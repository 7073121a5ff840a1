{# What has been closed, as the closes left it: one file each of periods, lines and booked adjustments (orchestration/closing/index.py). #}
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
