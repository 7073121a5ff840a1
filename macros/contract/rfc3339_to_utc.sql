{#- A moment as the contract writes it (RFC 3339 with a zone, or a date alone for its midnight in UTC) as a UTC timestamp.
    Digits beyond microseconds are cut off. NULL stays NULL. -#}

{%- macro rfc3339_to_utc(text) -%}
    {{- return(adapter.dispatch('rfc3339_to_utc')(text)) -}}
{%- endmacro -%}

{%- macro default__rfc3339_to_utc(text) -%}
    (cast(upper({{ text }}) || case when length({{ text }}) = 10 then 'T00:00:00Z' else '' end as timestamptz)
        at time zone 'UTC')
{%- endmacro -%}

{#- Spark timestamps are moments; the session's time zone is UTC (profiles.yml). It knows no zone beyond 18 hours, RFC 3339 does: so the zone is taken
    off the text and its minutes off the moment. -#}
{%- macro spark__rfc3339_to_utc(text) -%}
    case
        when length({{ text }}) = 10 then cast({{ text }} as timestamp)
        when upper({{ text }}) like '%Z' then cast(upper({{ text }}) as timestamp)
        else timestamp_micros(
            unix_micros(cast(concat(upper(substr({{ text }}, 1, length({{ text }}) - 6)), 'Z') as timestamp))
            - cast(concat(substr({{ text }}, -6, 1), '60') as bigint) * 1000000
            * (cast(substr({{ text }}, -5, 2) as bigint) * 60 + cast(substr({{ text }}, -2, 2) as bigint))
        )
    end
{%- endmacro -%}
