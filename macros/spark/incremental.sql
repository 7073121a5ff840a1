{#
    The incremental discipline on Parquet tables, which know no delete: what stays and what is new are written as a new table that takes the place of
    the old one. dbt-spark asks its own two macros for the strategies that it knows; these take their place.
#}

{% macro dbt_spark_validate_get_incremental_strategy(raw_strategy, file_format) %}
    {% if raw_strategy not in ["touched", "delete+insert"] %}
        {% do exceptions.raise_compiler_error("strategy " ~ raw_strategy ~ " is not among those of this project: touched, delete+insert") %}
    {% endif %}
    {% do return(raw_strategy) %}
{% endmacro %}

{% macro dbt_spark_get_incremental_sql(strategy, source, target, existing, unique_key, incremental_predicates) %}
    {%- set columns = adapter.get_columns_in_relation(target) | map(attribute="quoted") | join(", ") -%}
    {% set rows %}
    select {{ columns }}
    from {{ target }}
    where
        {{ unique_key }} not in (select {{ unique_key }} from {{ source }} where {{ unique_key }} is not null)
        {%- if strategy == "touched" and config.get("touched") %}
        and {{ unique_key }} not in ({{ touched_ids(config.get("touched")) }})
        {%- endif %}
    union all
    select {{ columns }}
    from {{ source }}
    {% endset %}
    {% do spark_replace_rows(target, rows) %}
    select 1
{% endmacro %}

{# A table gets other rows, told from its present ones. #}
{% macro spark_replace_rows(relation, rows) %}
    {% set next = relation.incorporate(path={"identifier": relation.identifier ~ "__next"}) %}
    {% do run_query("drop table if exists " ~ next) %}
    {% do run_query("create table " ~ next ~ " using parquet as " ~ rows) %}
    {% do run_query("drop table " ~ relation) %}
    {% do run_query("alter table " ~ next ~ " rename to " ~ relation) %}
{% endmacro %}

{% macro spark__delete_superseded() %}
    {%- if is_incremental() -%}
        {%- set superseded = ref("stg_lake__superseded_event") -%}
        {%- do spark_replace_rows(
            this, "select * from " ~ this ~ " where arrival_seq not in (select arrival_seq from " ~ superseded ~ ")"
        ) -%}
    {%- endif -%}
{% endmacro %}
