{#
    Accepted events of one type, as landed, up to the high-water mark; a row that a resolved conflict replaced is left out.
    With only_new=true only the batches that the last complete build does not have in it.
#}
{% macro lake_events(stream, event_type, only_new=false) -%}
    {%- do source("lake", stream) -%}
    (
        select *
        from {{ lake_event_rows(stream, event_type) }}
        where
            batch_seq <= {{ var("lake_high_water") | int }}
            {%- if only_new %}
            and batch_seq > {{ var("built_through") | int }}
            {%- endif %}
            and arrival_seq not in (select superseded.arrival_seq from {{ ref("stg_lake__superseded_event") }} as superseded)
    ) as lake_event
{%- endmacro %}

{# The envelope of every accepted event, of every type; superseded rows included. #}
{% macro lake_envelopes(only_new=false) -%}
    {%- for stream in lake_streams() -%}
        {%- do source("lake", stream) -%}
    {%- endfor -%}
    (
        select *
        from {{ lake_event_rows("*", "*") }}
        where
            batch_seq <= {{ var("lake_high_water") | int }}
            {%- if only_new %}
            and batch_seq > {{ var("built_through") | int }}
            {%- endif %}
    ) as lake_event
{%- endmacro %}

{# Quarantine rows up to the high-water mark. #}
{% macro lake_quarantine() -%}
    {%- do source("lake", "quarantine") -%}
    (
        select *
        from {{ lake_relation("quarantine/*.parquet") }}
        where batch_seq <= {{ var("lake_high_water") | int }}
    ) as lake_quarantine
{%- endmacro %}

{# Rows of accepted events: of batches that were put together from their compaction, of the others from their own files. #}
{% macro lake_event_rows(stream, event_type) -%}
    {%- set path = "events/stream=" ~ stream ~ "/event_type=" ~ event_type ~ "/*.parquet" -%}
    {%- set names = [] -%}
    {%- for compaction in var("lake_compactions") if event_type in compaction.event_types or (event_type == "*" and compaction.event_types) -%}
        {%- do names.append("%08d-%08d" | format(compaction.first, compaction.last)) -%}
    {%- endfor -%}
    {%- if not names -%}
        {{ lake_relation(path) }}
    {%- else -%}
    (
        select {{ lake_event_columns() | join(", ") }}
        from {{ lake_relation(path) }} as in_batches
        where
            {%- for compaction in var("lake_compactions") %}
            {{ "and " if not loop.first }}batch_seq not between {{ compaction.first }} and {{ compaction.last }}
            {%- endfor %}
        union all
        select {{ lake_event_columns() | join(", ") }}
        from {{ lake_compacted(names, path) }} as in_compactions
    )
    {%- endif -%}
{%- endmacro %}

{# Parquet files of these compactions, each of which has some by this path; DuckDB fails where one has none. #}
{% macro lake_compacted(names, path) -%}
    {{ return(adapter.dispatch("lake_compacted", "tieout")(names, path)) }}
{%- endmacro %}

{% macro duckdb__lake_compacted(names, path) -%}
    read_parquet(
        [
            {%- for name in names -%}
            '{{ var("lake_path") }}/compactions/batches={{ name }}/{{ path }}'{{ ", " if not loop.last }}
            {%- endfor -%}
        ],
        hive_partitioning = true
    )
{%- endmacro %}

{% macro spark__lake_compacted(names, path) -%}
    {{ spark_parquet("compactions/batches={" ~ names | join(",") ~ "}/" ~ path) }}
{%- endmacro %}

{# What is known of an accepted event (docs/architecture.md, Lake). #}
{% macro lake_event_columns() -%}
    {{ return([
        "source_system", "event_id", "schema_version", "event_time", "recorded_time", "aggregate_type", "aggregate_id", "aggregate_version",
        "correlation_id", "causation_id", "payload", "envelope_extra", "content_hash", "arrival_seq", "file_name", "line_number",
        "replaces_arrival_seq", "batch_seq", "stream", "event_type"
    ]) }}
{%- endmacro %}

{# Parquet files below the batch folders, batch_seq as a number. #}
{% macro lake_relation(path) -%}
    {{ return(adapter.dispatch("lake_relation", "tieout")(path)) }}
{%- endmacro %}

{% macro duckdb__lake_relation(path) -%}
    read_parquet('{{ var("lake_path") }}/batches/batch_seq=*/{{ path }}', hive_partitioning = true, hive_types = {'batch_seq': bigint})
{%- endmacro %}

{% macro spark__lake_relation(path) -%}
    {{ spark_parquet("batches/batch_seq=*/" ~ path) }}
{%- endmacro %}

{# Parquet files that are not in a batch: resolutions, exchange rates. #}
{% macro lake_files(path) -%}
    {{ return(adapter.dispatch("lake_files", "tieout")(path)) }}
{%- endmacro %}

{% macro duckdb__lake_files(path) -%}
    read_parquet('{{ var("lake_path") }}/{{ path }}', hive_partitioning = true)
{%- endmacro %}

{% macro spark__lake_files(path) -%}
    {{ spark_parquet(path) }}
{%- endmacro %}

{#
    Parquet files by a pattern, with what their path says (`name=value`) as columns. Spark finds such columns only below a common folder, and never
    above a folder that is no `name=value`, so the path of each file is read instead.
#}
{% macro spark_parquet(path) -%}
    (
        select
            *
            {%- for folder in path.split("/") if "=" in folder %}
            {%- set name = folder.split("=")[0] %}
            {%- set text = "regexp_extract(_metadata.file_path, '/" ~ name ~ "=([^/]+)', 1)" %}
            , {{ "cast(" ~ text ~ " as bigint)" if name == "batch_seq" else text }} as {{ name }}
            {%- endfor %}
        from parquet.`{{ var("lake_path") }}/{{ path }}`
    )
{%- endmacro %}

{# The streams of the lake, each a source: naming it ties a model to it, for lineage and selection; it is read by path. #}
{% macro lake_streams() -%}
    {{ return(["approval", "asset", "billing", "control", "fulfillment", "order", "quote", "reference", "support"]) }}
{%- endmacro %}
