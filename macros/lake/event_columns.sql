{# The envelope columns that every staging model carries, in this order. #}
{% macro event_columns(prefix="") -%}
    {%- set prefix = prefix ~ "." if prefix else "" -%}
    {%- for column in event_column_names() -%}
    {{ prefix }}{{ column }}{{ ", " if not loop.last }}
    {%- endfor -%}
{%- endmacro %}

{% macro event_column_names() -%}
    {{ return([
        "source_system", "event_id", "schema_version", "event_time", "recorded_time", "aggregate_type", "aggregate_id",
        "aggregate_version", "correlation_id", "causation_id", "arrival_seq", "batch_seq", "file_name", "line_number",
    ]) }}
{%- endmacro %}
