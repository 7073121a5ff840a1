{# Lists as one text: distinct, sorted, joined with |, each escaped as in canonical text; NULL for none. A text is the same column type on every engine. #}

{# Aggregate: the distinct values of a group; NULLs do not count. #}
{% macro distinct_texts(expression) -%}
    {{ return(adapter.dispatch("distinct_texts", "tieout")(expression)) }}
{%- endmacro %}

{% macro duckdb__distinct_texts(expression) -%}
    string_agg(distinct {{ escaped(expression) }}, '|' order by {{ escaped(expression) }})
{%- endmacro %}

{% macro spark__distinct_texts(expression) -%}
    nullif(array_join(array_sort(collect_set({{ escaped(expression) }})), '|'), '')
{%- endmacro %}

{# Scalar: the values of a list of texts. #}
{% macro joined_list(list) -%}
    {{ return(adapter.dispatch("joined_list", "tieout")(list)) }}
{%- endmacro %}

{% macro duckdb__joined_list(list) -%}
    nullif(array_to_string(list_sort(list_distinct(list_transform({{ list }}, lambda element: {{ escaped("element") }}))), '|'), '')
{%- endmacro %}

{% macro spark__joined_list(list) -%}
    nullif(array_join(array_sort(array_distinct(transform({{ list }}, element -> {{ escaped("element") }}))), '|'), '')
{%- endmacro %}

{# How many values a text of joined_list or distinct_texts holds; 0 for NULL. A | inside a value is escaped: it separates nothing. #}
{% macro joined_text_count(text) -%}
    {%- set bare = "replace(" ~ text ~ ", " ~ literal("\\|") ~ ", '')" -%}
    cast(coalesce(length({{ bare }}) - length(replace({{ bare }}, '|', '')) + 1, 0) as integer)
{%- endmacro %}

{# A text cut at a separator, as a list of texts. #}
{% macro split_text(text, separator) -%}
    {{ return(adapter.dispatch("split_text", "tieout")(text, separator)) }}
{%- endmacro %}

{% macro duckdb__split_text(text, separator) -%}
    string_split({{ text }}, '{{ separator }}')
{%- endmacro %}

{% macro spark__split_text(text, separator) -%}
    split({{ text }}, '[{{ separator }}]')
{%- endmacro %}
