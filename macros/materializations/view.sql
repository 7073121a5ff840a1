{#
    Views on DuckDB: replaced in place by one statement, instead of made under another name and renamed twice. Most models are views, and a build
    makes each of them.
#}
{% materialization view, adapter="duckdb" %}
    {%- set held = load_cached_relation(this) -%}
    {%- set target = this.incorporate(type="view") -%}

    {{ run_hooks(pre_hooks) }}

    {% if held is not none and not held.is_view -%}
        {% do adapter.drop_relation(held) %}
    {%- endif %}
    {% call statement("main") -%}
        {{ get_create_view_as_sql(target, sql) }}
    {%- endcall %}
    {% do persist_docs(target, model) %}

    {{ run_hooks(post_hooks) }}
    {% do adapter.commit() %}

    {{ return({"relations": [target]}) }}
{% endmaterialization %}

{% macro duckdb__create_view_as(relation, sql) -%}
    {%- if config.get("contract").enforced -%}
        {{ get_assert_columns_equivalent(sql) }}
    {%- endif %}
    create or replace view {{ relation }} as (
        {{ sql }}
    )
{%- endmacro %}
