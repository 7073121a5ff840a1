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
        {%- set text = "cast(" ~ scaled_integer(name, 4) ~ " as string)" -%}
    {%- elif type.startswith("decimal") -%}
        {%- set text = decimal_text(name, type) -%}
    {%- elif type.startswith("timestamp") -%}
        {%- set text = "cast(" ~ epoch_microseconds(name) ~ " as string)" -%}
    {%- elif type in ("varchar[]", "string[]", "array<string>") -%}
        {%- set text = escaped(list_text(name)) -%}
    {%- elif type in ("varchar", "text", "string") -%}
        {%- set text = escaped(name) -%}
    {%- elif type in ("float", "double", "real") -%}
        {{ exceptions.raise_compiler_error("column " ~ name ~ " is a binary float: no checksum is exact over it") }}
    {%- else -%}
        {%- set text = "cast(" ~ name ~ " as string)" -%}
    {%- endif -%}
    coalesce({{ text }}, {{ literal("\\N") }})
{%- endmacro %}

{% macro escaped(text) -%}
    {%- set backslash = literal("\\") -%}
    replace(replace({{ text }}, {{ backslash }}, {{ literal("\\\\") }}), '|', {{ literal("\\|") }})
{%- endmacro %}

{# Text as a literal; Spark reads backslashes in a plain one as escapes. #}
{% macro literal(text) -%}
    {{ return(adapter.dispatch("literal", "tieout")(text)) }}
{%- endmacro %}

{% macro duckdb__literal(text) -%}
    '{{ text | replace("'", "''") }}'
{%- endmacro %}

{% macro spark__literal(text) -%}
    '{{ text | replace("\\", "\\\\") | replace("'", "\\'") }}'
{%- endmacro %}

{# A list of texts as JSON text. #}
{% macro list_text(list) -%}
    {{ return(adapter.dispatch("list_text", "tieout")(list)) }}
{%- endmacro %}

{% macro duckdb__list_text(list) -%}
    cast(to_json({{ list }}) as string)
{%- endmacro %}

{% macro spark__list_text(list) -%}
    to_json({{ list }})
{%- endmacro %}

{# A decimal with all its places and without an exponent. #}
{% macro decimal_text(name, data_type) -%}
    {{ return(adapter.dispatch("decimal_text", "tieout")(name, data_type)) }}
{%- endmacro %}

{% macro duckdb__decimal_text(name, data_type) -%}
    cast({{ name }} as string)
{%- endmacro %}

{# Spark's own text turns small numbers into 1E-12. #}
{% macro spark__decimal_text(name, data_type) -%}
    {%- set places = data_type.split(",")[1].rstrip(")") | int -%}
    {%- if places == 0 -%}
    cast({{ name }} as string)
    {%- else -%}
    {%- set digits = "cast(abs(" ~ scaled_integer(name, places) ~ ") as string)" -%}
    {%- set padded = "lpad(" ~ digits ~ ", greatest(length(" ~ digits ~ "), " ~ (places + 1) ~ "), '0')" -%}
    case when {{ name }} < 0 then '-' else '' end
    || substr({{ padded }}, 1, length({{ padded }}) - {{ places }}) || '.' || right({{ padded }}, {{ places }})
    {%- endif -%}
{%- endmacro %}

{# One row's part of the checksum. #}
{% macro row_checksum(columns) -%}
    {{ return(adapter.dispatch("row_checksum", "tieout")(columns)) }}
{%- endmacro %}

{% macro duckdb__row_checksum(columns) -%}
    cast('0x' || substr(md5({{ canonical_text(columns) }}), 1, 15) as bigint)
{%- endmacro %}

{% macro spark__row_checksum(columns) -%}
    cast(conv(substr(md5({{ canonical_text(columns) }}), 1, 15), 16, 10) as decimal(20, 0))
{%- endmacro %}

{# select row_count, checksum of a model, without the columns whose meta says checksum: false. #}
{% macro model_checksum(model_name, version=none) -%}
    {%- if execute -%}
    {%- set relation = ref(model_name, v=version) if version else ref(model_name) -%}
    {%- set excluded = [] -%}
    {%- for node in graph.nodes.values() if node.resource_type == "model" and node.alias == relation.identifier -%}
        {%- for column in node.columns.values() if (column.config.meta or column.meta).get("checksum", true) is sameas false -%}
            {%- do excluded.append(column.name) -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- set columns = [] -%}
    {%- for column in adapter.get_columns_in_relation(relation) if column.name not in excluded -%}
        {%- do columns.append({"name": column.name, "data_type": column.data_type}) -%}
    {%- endfor -%}
    select
        '{{ relation.identifier }}' as model_name,
        count(*) as row_count,
        cast(coalesce(sum({{ row_checksum(columns) }}), 0) as decimal(38, 0)) as checksum
    from {{ relation }}
    {%- else -%}
    select * from {{ ref(model_name, v=version) if version else ref(model_name) }}
    {%- endif -%}
{%- endmacro %}
