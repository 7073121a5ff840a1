{#- Parses a payload column by the type that the contract gives its event type. NULL for a field that is absent. -#}

{%- macro parse_payload(column, event_type) -%}
    from_json({{ column }}, '{{ payload_type(event_type) }}')
{%- endmacro -%}
