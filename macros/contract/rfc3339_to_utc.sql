{#- A moment as the contract writes it (RFC 3339 with a zone, or a date alone for its midnight in UTC) as a UTC timestamp.
    Digits beyond microseconds are cut off. NULL stays NULL. -#}

{%- macro rfc3339_to_utc(text) -%}
    {{- return(adapter.dispatch('rfc3339_to_utc')(text)) -}}
{%- endmacro -%}

{%- macro default__rfc3339_to_utc(text) -%}
    (cast(upper({{ text }}) || case when length({{ text }}) = 10 then 'T00:00:00Z' else '' end as timestamptz)
        at time zone 'UTC')
{%- endmacro -%}

{#- Spark timestamps are moments; the session's time zone is UTC (profiles.yml). -#}
{%- macro spark__rfc3339_to_utc(text) -%}
    cast(concat(upper({{ text }}), case when length({{ text }}) = 10 then 'T00:00:00Z' else '' end) as timestamp)
{%- endmacro -%}
