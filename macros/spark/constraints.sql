{# A Parquet table takes no NOT NULL: what a contract says of its columns is held against the rows, once they are written. #}
{% macro spark__persist_constraints(relation, model) %}
    {%- set columns = [] -%}
    {%- for column in model.columns.values() if column.constraints | map(attribute="type") | select("equalto", "not_null") | list -%}
        {%- do columns.append(column.name) -%}
    {%- endfor -%}
    {%- if columns -%}
        {%- set sql -%}
            select
                concat_ws(
                    ', '
                    {%- for name in columns -%}
                    , case when count(*) > count({{ name }}) then '{{ name }}' end
                    {%- endfor -%}
                ) as with_null
            from {{ relation }}
        {%- endset -%}
        {%- set with_null = run_query(sql).columns[0].values()[0] -%}
        {%- if with_null -%}
            {%- do exceptions.raise_compiler_error(model.name ~ " has rows without a value that its contract requires: " ~ with_null) -%}
        {%- endif -%}
    {%- endif -%}
{% endmacro %}
