{# The latest version of a model has the model's own name, an older one that is still served has its version behind it: mart_kpi_monthly_v1. #}
{% macro generate_alias_name(custom_alias_name=none, node=none) -%}
    {%- if custom_alias_name -%} {{ custom_alias_name | trim }}
    {%- elif node.version and node.version | string != node.latest_version | string -%} {{ node.name }}_v{{ node.version }}
    {%- else -%} {{ node.name }}
    {%- endif -%}
{%- endmacro %}
