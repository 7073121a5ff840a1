{# The payload as one typed value, its type generated from the contract's schema of the event type. #}
{% macro parse_payload(column, event_type) -%}
    {{ return(adapter.dispatch("parse_payload", "tieout")(column, event_type)) }}
{%- endmacro %}

{% macro duckdb__parse_payload(column, event_type) -%}
    from_json({{ column }}, '{{ payload_type(event_type) }}')
{%- endmacro %}
