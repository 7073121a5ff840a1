{# Schemas carry their plain names (docs/architecture.md): a layer is called the same in every target. #}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ (custom_schema_name or target.schema) | trim }}
{%- endmacro %}
