{#
    Checksums of relations (docs/architecture.md, "Checksums"): per row the first 15 hex digits of md5(canonical text) as an integer,
    added up exactly. The order of rows does not matter, the place of a value does.
#}

{# The canonical text of one row. columns: list of {name, data_type}; sorted by name here. #}
{% macro canonical_text(columns) -%}
    concat(
    {%- for column in columns | sort(attribute="name") %}
        {{ canonical_value(column.name, column.data_type) }}{{ ", '|', " if not loop.last }}
    {%- endfor %}
    )
{%- endmacro %}

{% macro canonical_value(name, data_type) -%}
    {%- set type = data_type | lower | replace(" ", "") -%}
    {%- if type.startswith("decimal") and type.endswith(",4)") -%}
        {%- set text = "cast(" ~ scaled_integer(name, 4) ~ " as varchar)" -%}
    {%- elif type.startswith("timestamp") -%}
        {%- set text = "cast(" ~ epoch_microseconds(name) ~ " as varchar)" -%}
    {%- elif type == "varchar[]" -%}
        {%- set text = escaped("cast(to_json(" ~ name ~ ") as varchar)") -%}
    {%- elif type in ("varchar", "text", "string") -%}
        {%- set text = escaped(name) -%}
    {%- elif type in ("float", "double", "real") -%}
        {{ exceptions.raise_compiler_error("column " ~ name ~ " is a binary float: no checksum is exact over it") }}
    {%- else -%}
        {%- set text = "cast(" ~ name ~ " as varchar)" -%}
    {%- endif -%}
    coalesce({{ text }}, '\N')
{%- endmacro %}

{% macro escaped(text) -%}
    replace(replace({{ text }}, '\', '\\'), '|', '\|')
{%- endmacro %}

{# One row's part of the checksum. #}
{% macro row_checksum(columns) -%}
    {{ return(adapter.dispatch("row_checksum", "tieout")(columns)) }}
{%- endmacro %}

{% macro duckdb__row_checksum(columns) -%}
    cast('0x' || substr(md5({{ canonical_text(columns) }}), 1, 15) as bigint)
{%- endmacro %}

{# select row_count, checksum of a model, without the columns whose meta says checksum: false. #}
{% macro model_checksum(model_name) -%}
    {%- if execute -%}
    {%- set relation = ref(model_name) -%}
    {%- set excluded = [] -%}
    {%- for node in graph.nodes.values() if node.resource_type == "model" and node.name == model_name -%}
        {%- for column in node.columns.values() if (column.config.meta or column.meta).get("checksum", true) is sameas false -%}
            {%- do excluded.append(column.name) -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- set columns = [] -%}
    {%- for column in adapter.get_columns_in_relation(relation) if column.name not in excluded -%}
        {%- do columns.append({"name": column.name, "data_type": column.data_type}) -%}
    {%- endfor -%}
    select
        '{{ model_name }}' as model_name,
        count(*) as row_count,
        cast(coalesce(sum({{ row_checksum(columns) }}), 0) as decimal(38, 0)) as checksum
    from {{ relation }}
    {%- else -%}
    select * from {{ ref(model_name) }}
    {%- endif -%}
{%- endmacro %}
