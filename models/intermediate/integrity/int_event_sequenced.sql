{{ config(materialized="incremental", unique_key="arrival_seq", incremental_strategy="delete+insert") }}

-- The envelope of every accepted event with its place in its aggregate: of two with one version the one with the smaller
-- (recorded time or else event time, event id) applies, the other is stale. Needs no payload, so it serves every aggregate type alike.
with arrived as (
    select
        {{ event_columns("lake_event") }},
        lake_event.stream,
        lake_event.event_type,
        lake_event.replaces_arrival_seq
    from {{ lake_envelopes(only_new=is_incremental()) }}
),

{% if is_incremental() -%}
touched as (
    select
        arrived.aggregate_type,
        arrived.aggregate_id
    from arrived
    union
    select
        replaced.aggregate_type,
        replaced.aggregate_id
    from {{ this }} as replaced
    inner join arrived on replaced.arrival_seq = arrived.replaces_arrival_seq
),

{% endif -%}
known as (
    select * from arrived
    {% if is_incremental() -%}
    union all
    select
        {{ event_columns("held") }},
        held.stream,
        held.event_type,
        held.replaces_arrival_seq
    from {{ this }} as held
    inner join touched on held.aggregate_type = touched.aggregate_type and held.aggregate_id = touched.aggregate_id
    where held.arrival_seq not in (select arrived.arrival_seq from arrived)
    {%- endif %}
),

marked as (
    select
        known.*,
        superseded.arrival_seq is not null as is_superseded
    from known
    left join {{ ref("stg_lake__superseded_event") }} as superseded on known.arrival_seq = superseded.arrival_seq
),

ranked as (
    select
        marked.*,
        row_number() over (
            partition by marked.aggregate_type, marked.aggregate_id, marked.aggregate_version, marked.is_superseded
            order by coalesce(marked.recorded_time, marked.event_time), marked.event_id, marked.source_system, marked.arrival_seq
        ) as version_rank
    from marked
)

select
    {{ event_columns("ranked") }},
    ranked.stream,
    ranked.event_type,
    ranked.replaces_arrival_seq,
    ranked.is_superseded,
    not ranked.is_superseded and ranked.version_rank = 1 as is_applied,
    not ranked.is_superseded and ranked.version_rank > 1 as is_stale
from ranked
