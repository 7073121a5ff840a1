{#- Parses a payload column by the type that the contract gives its event type. NULL for a field that is absent. -#}

{%- macro parse_payload(column, event_type) -%}
    {{- return(adapter.dispatch('parse_payload')(column, event_type)) -}}
{%- endmacro -%}

{%- macro default__parse_payload(column, event_type) -%}
    from_json({{ column }}, '{{ payload_type(event_type) }}')
{%- endmacro -%}

{#- The contract takes 3.0 for an integer; Spark reads it into a decimal only. -#}
{%- macro spark__parse_payload(column, event_type) -%}
    {%- set type = payload_type(event_type) -%}
    cast(from_json({{ column }}, '{{ type | replace(":bigint", ":decimal(20,0)") }}') as {{ type }})
{%- endmacro -%}
