{# Seeds on Spark: dbt-spark binds a missing value as the text None and does not escape quotes, and Spark has no bare varchar. #}

{% macro spark__create_csv_table(model, agate_table) %}
    {%- set types = model["config"].get("column_types", {}) -%}
    {% set sql %}
    create table {{ this.render() }} (
        {%- for name in agate_table.column_names %}
        {{ name }} {{ spark_type(types[name]) }}{{ "," if not loop.last }}
        {%- endfor %}
    )
    {{ file_format_clause() }}
    {% endset %}
    {% call statement("_") -%}
    {{ sql }}
    {%- endcall %}
    {{ return(sql) }}
{% endmacro %}

{% macro spark__load_csv_rows(model, agate_table) %}
    {%- set types = model["config"].get("column_types", {}) -%}
    {% set sql %}
    insert into {{ this.render() }} values
    {%- for row in agate_table.rows %}
    (
        {%- for name in agate_table.column_names -%}
        cast({{ "null" if row[name] is none else spark__literal(row[name] | string) }} as {{ spark_type(types[name]) }}){{ ", " if not loop.last }}
        {%- endfor -%}
    ){{ "," if not loop.last }}
    {%- endfor %}
    {% endset %}
    {% do adapter.add_query(sql, abridge_sql_log=True) %}
    {{ return(sql) }}
{% endmacro %}
