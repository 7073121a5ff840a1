{# When this build projects: an input of it, the as-of time where none is passed. No model reads the clock. #}
{% macro projected_at() -%}
    cast('{{ var("projected_at") or var("as_of") }}' as timestamp)
{%- endmacro %}

{# When a projection of the followed read models last failed; NULL where none did, and in a build that is not followed. #}
{% macro last_failed_projection_at() -%}
    cast(nullif('{{ var("last_failed_projection_at") }}', '') as timestamp)
{%- endmacro %}

{# The last batch that deferred read models show: that of the build, where they are made with everything else. #}
{% macro deferred_through() -%}
    cast({{ var("deferred_through") or var("lake_high_water") }} as bigint)
{%- endmacro %}

{#
    The columns that say of every row of a read model what it shows: the event that changed it last, when that happened, when it was first projected
    and so how late, and by which version. event: the alias of the row of int_event_projected that is that event.
#}
{% macro projection_columns(event="source_event") -%}
    {%- set meta = config.get("meta") -%}
    {%- set meta = meta if meta is mapping else {} -%}
    {{ event }}.source_system,
    {{ event }}.event_id as source_event_id,
    {{ event }}.aggregate_version as source_version,
    {{ event }}.event_time as source_event_time,
    {{ event }}.projected_at,
    {{ seconds_between(event ~ ".event_time", event ~ ".projected_at") }} as lag_seconds,
    cast({{ meta.get("schema_version", 1) }} as integer) as projection_schema_version,
    '{{ model.name }}:{{ meta.get("semantic_version", 1) }}' as projector_version
{%- endmacro %}

{# Reason codes of a row as one text (as joined_list) with each code whose condition holds; NULL for none. conditions: code → condition. #}
{% macro reason_codes(conditions) -%}
    nullif(concat_ws('|'
    {%- for code, condition in conditions.items() -%}
    , case when {{ condition }} then '{{ code }}' end
    {%- endfor -%}
    ), '')
{%- endmacro %}

{# How many of the conditions hold. #}
{% macro reason_count(conditions) -%}
    {%- for condition in conditions.values() -%}
    case when {{ condition }} then 1 else 0 end{{ " + " if not loop.last }}
    {%- endfor -%}
{%- endmacro %}

{# How urgent something with a due time is at the as-of time: BREACHED, DUE_SOON (within the seconds of var due_soon_seconds), ON_TIME, NO_DUE_TIME. #}
{% macro urgency(due_at) -%}
    case
        when {{ due_at }} is null then 'NO_DUE_TIME'
        when {{ due_at }} < {{ as_of() }} then 'BREACHED'
        when {{ seconds_between(as_of(), due_at) }} <= {{ var("due_soon_seconds") }} then 'DUE_SOON'
        else 'ON_TIME'
    end
{%- endmacro %}

{# Seconds from a moment to the as-of time, 0 where it is still to come (a clock that runs ahead); NULL where the moment is. #}
{% macro age_seconds(moment) -%}
    case when {{ moment }} is not null then greatest({{ seconds_between(moment, as_of()) }}, 0) end
{%- endmacro %}

{# Aggregate: the rows of a group as a list of structs, ordered by the field that is named first. fields: name → expression. #}
{% macro list_of_structs(fields) -%}
    {{ return(adapter.dispatch("list_of_structs", "tieout")(fields)) }}
{%- endmacro %}

{% macro duckdb__list_of_structs(fields) -%}
    list_sort(list(struct_pack({% for name, expression in fields.items() %}{{ name }} := {{ expression }}{{ ", " if not loop.last }}{% endfor %})))
{%- endmacro %}

{% macro spark__list_of_structs(fields) -%}
    array_sort(collect_list(named_struct({% for name, expression in fields.items() %}'{{ name }}', {{ expression }}{{ ", " if not loop.last }}{% endfor %})))
{%- endmacro %}

{# Scalar: one struct. fields: name → expression. #}
{% macro struct_of(fields) -%}
    {{ return(adapter.dispatch("struct_of", "tieout")(fields)) }}
{%- endmacro %}

{% macro duckdb__struct_of(fields) -%}
    struct_pack({% for name, expression in fields.items() %}{{ name }} := {{ expression }}{{ ", " if not loop.last }}{% endfor %})
{%- endmacro %}

{% macro spark__struct_of(fields) -%}
    named_struct({% for name, expression in fields.items() %}'{{ name }}', {{ expression }}{{ ", " if not loop.last }}{% endfor %})
{%- endmacro %}

{# Aggregate: the distinct texts of a group as a list, sorted; NULLs do not count, and NULL for none. #}
{% macro distinct_list(expression) -%}
    {{ return(adapter.dispatch("distinct_list", "tieout")(expression)) }}
{%- endmacro %}

{% macro duckdb__distinct_list(expression) -%}
    list(distinct {{ expression }} order by {{ expression }}) filter (where {{ expression }} is not null)
{%- endmacro %}

{% macro spark__distinct_list(expression) -%}
    case when count({{ expression }}) > 0 then array_sort(collect_set({{ expression }})) end
{%- endmacro %}

{# Aggregate: the share-th value of the ordered values of a group (nearest rank); NULL for none. #}
{% macro nearest_rank(value, share) -%}
    {{ return(adapter.dispatch("nearest_rank", "tieout")(value, share)) }}
{%- endmacro %}

{% macro duckdb__nearest_rank(value, share) -%}
    quantile_disc({{ value }}, {{ share }})
{%- endmacro %}

{% macro spark__nearest_rank(value, share) -%}
    cast(percentile_disc({{ share }}) within group (order by {{ value }}) as bigint)
{%- endmacro %}
