{# A type of the contracts and seeds as Spark writes it. #}
{% macro spark_type(data_type) -%}
    {%- set type = data_type | lower -%}
    {%- if type.endswith("[]") -%}
    array<{{ spark_type(type[:-2]) }}>
    {%- elif type.startswith("struct(") -%}
    struct<
    {%- for field in type[7:-1].split(", ") -%}
    {%- set parts = field.replace('"', "").split(" ") -%}
    {{ parts[0] }}: {{ spark_type(parts[1]) }}{{ ", " if not loop.last }}
    {%- endfor -%}
    >
    {%- elif type in ("varchar", "text") -%}
    string
    {%- else -%}
    {{ type }}
    {%- endif -%}
{%- endmacro %}

{# What dbt holds a model with a contract against. #}
{% macro spark__get_empty_schema_sql(columns) %}
    select
    {%- for column in columns.values() %}
        cast(null as {{ spark_type(column.data_type) }}) as {{ column.name }}{{ "," if not loop.last }}
    {%- endfor %}
{% endmacro %}
