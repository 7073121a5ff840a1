{# After an incremental run: the rows that it left alone hold as of this build too. #}
{% macro set_as_of(column) -%}
    {{ return(adapter.dispatch("set_as_of", "tieout")(column)) }}
{%- endmacro %}

{% macro duckdb__set_as_of(column) -%}
    {%- if is_incremental() -%}
    update {{ this }} set {{ column }} = {{ as_of() }} where {{ column }} <> {{ as_of() }}
    {%- endif -%}
{%- endmacro %}
