{#
    The incremental discipline: rebuild whole aggregates, never rows. An aggregate is touched when a batch after `built_through` brought an event of
    it, or when a conflict ever concerned it (int_aggregate_touched says which). The strategy `touched` deletes, by the model's unique_key (the
    aggregate's id), every touched aggregate and every one that the new rows have, then inserts the new rows: what an aggregate no
    longer has goes away, and a build that was interrupted can run again.

    config(materialized="incremental", incremental_strategy="touched", unique_key="quote_id", touched="Quote")
#}
{% macro get_incremental_touched_sql(arg_dict) -%}
    {%- set target = arg_dict["target_relation"] -%}
    {%- set source = arg_dict["temp_relation"] -%}
    {%- set key = arg_dict["unique_key"] -%}
    {%- if key is not string -%}
        {{ exceptions.raise_compiler_error("strategy touched: unique_key is the one column that holds the aggregate's id") }}
    {%- endif -%}
    {%- set columns = arg_dict["dest_columns"] | map(attribute="quoted") | join(", ") -%}
    delete from {{ target }}
    where
        {{ key }} in (select {{ key }} from {{ source }})
        {%- if config.get("touched") %}
        or {{ key }} in ({{ touched_ids(config.get("touched")) }})
        {%- endif %};

    insert into {{ target }} ({{ columns }})
    select {{ columns }} from {{ source }}
{%- endmacro %}

{#
    Ids of the aggregates of these types (one name, a list, or "*" for all) that this build has to look at again, those that a repair names
    (`tieout repair`) among them.
#}
{% macro touched_ids(aggregate_types) -%}
    {%- set types = [aggregate_types] if aggregate_types is string else aggregate_types -%}
    select touched.aggregate_id
    from {{ ref("int_aggregate_touched") }} as touched
    {%- if types != ["*"] %}
    where touched.aggregate_type in ('{{ types | join("', '") }}')
    {%- endif %}
    {%- for aggregate in var("rebuilt_aggregates") if types == ["*"] or aggregate[0] in types %}
    {{ "union all select repaired.aggregate_id from (values " if loop.first else ", " }}({{ literal(aggregate[1]) }})
    {{- ") as repaired (aggregate_id)" if loop.last }}
    {%- endfor %}
{%- endmacro %}

{#
    The condition that limits an incremental run to touched aggregates and to those of the further queries in `or_in`; true in a full build. One
    set of ids, because engines join with a set, but try each row against an `or`.
#}
{% macro is_touched(column, aggregate_types, or_in=[]) -%}
    {%- set ids = [touched_ids(aggregate_types)] + or_in -%}
    {%- if is_incremental() -%}
    {{ column }} in ({{ ids | join(" union all ") }})
    {%- else -%}
    true
    {%- endif -%}
{%- endmacro %}

{# Staging that is kept as a table, because its payloads are worth parsing once: drops what a resolved conflict replaced. #}
{% macro delete_superseded() -%}
    {{ return(adapter.dispatch("delete_superseded", "tieout")()) }}
{%- endmacro %}

{% macro duckdb__delete_superseded() -%}
    {%- if is_incremental() -%}
    delete from {{ this }} where arrival_seq in (select arrival_seq from {{ ref("stg_lake__superseded_event") }})
    {%- endif -%}
{%- endmacro %}
