{#
    Spark builds in full (docs/spark.md): the incremental discipline deletes, and Parquet tables know no delete. dbt-spark asks these two macros of its
    own for the strategies that it knows; these take their place.
#}

{% macro dbt_spark_validate_get_incremental_strategy(raw_strategy, file_format) %}
    {% do return(raw_strategy) %}
{% endmacro %}

{% macro dbt_spark_get_incremental_sql(strategy, source, target, existing, unique_key, incremental_predicates) %}
    {% do exceptions.raise_compiler_error(
        model.name ~ " cannot be built incrementally on Spark, because Parquet tables know no delete: pass --full-refresh"
    ) %}
{% endmacro %}

{# A full build has no row that a resolved conflict replaced. #}
{% macro spark__delete_superseded() %}
{% endmacro %}

{% macro spark__delete_changed_unit_price() %}
{% endmacro %}

{% macro spark__set_as_of(column) %}
{% endmacro %}
