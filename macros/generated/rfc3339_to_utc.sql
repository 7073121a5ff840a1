{# Stand-in until the contract's macro is merged: RFC 3339 text to a UTC timestamp. #}
{% macro rfc3339_to_utc(text) -%}
    cast(timezone('UTC', cast({{ text }} as timestamptz)) as timestamp)
{%- endmacro %}
