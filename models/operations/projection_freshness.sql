-- How fresh each read model is: through when it is current per source system, how late its last events came, and whether that is in time.
-- What may be a minute late is made less often than the rest: it is current through a batch of its own.
with source as (
    select
        register.model,
        register.sla_seconds,
        register.sla_seconds >= 60 as is_deferred,
        aggregate_type
    from {{ ref("model_register") }} as register
    {{ explode(split_text("register.source_aggregates", "|"), "aggregate_type") }}
),

arrived as (
    select
        sequenced.aggregate_type,
        sequenced.source_system,
        sequenced.event_time,
        sequenced.arrival_seq,
        sequenced.batch_seq,
        sequenced.batch_seq <= {{ deferred_through() }} as is_in_deferred
    from {{ ref("int_event_sequenced") }} as sequenced
    where not sequenced.is_superseded
),

per_type as (
    select
        arrived.aggregate_type,
        arrived.source_system,
        arrived.is_in_deferred,
        max(case when arrived.event_time <= {{ as_of() }} then arrived.event_time end) as current_through,
        max(arrived.arrival_seq) as last_arrival_seq,
        max(arrived.batch_seq) as last_batch_seq,
        count(*) as event_count
    from arrived
    group by arrived.aggregate_type, arrived.source_system, arrived.is_in_deferred
),

-- The lag is that of the events that came last: what landed months ago says nothing of today.
last_batch as (
    select
        max(per_type.last_batch_seq) as batch_seq,
        max(case when per_type.is_in_deferred then per_type.last_batch_seq end) as deferred_batch_seq
    from per_type
),

lag_of_model as (
    select
        source.model,
        {{ nearest_rank(seconds_between("arrived.event_time", projected_at()), 0.5) }} as lag_p50_seconds,
        {{ nearest_rank(seconds_between("arrived.event_time", projected_at()), 0.95) }} as lag_p95_seconds
    from source
    cross join last_batch
    inner join arrived
        on
            source.aggregate_type = arrived.aggregate_type
            and arrived.batch_seq = case when source.is_deferred then last_batch.deferred_batch_seq else last_batch.batch_seq end
    group by source.model
),

current as (
    select
        source.model,
        per_type.source_system,
        min(source.sla_seconds) as sla_seconds,
        max(per_type.current_through) as current_through,
        max(per_type.last_arrival_seq) as last_arrival_seq,
        sum(per_type.event_count) as event_count
    from source
    inner join per_type on source.aggregate_type = per_type.aggregate_type and (per_type.is_in_deferred or not source.is_deferred)
    group by source.model, per_type.source_system
)

select
    current.model,
    current.source_system,
    current.current_through,
    {{ seconds_between("current.current_through", projected_at()) }} as current_through_age_seconds,
    cast(current.event_count as bigint) as event_count,
    current.last_arrival_seq as source_cursor,
    current.sla_seconds,
    lag_of_model.lag_p50_seconds,
    lag_of_model.lag_p95_seconds,
    coalesce(lag_of_model.lag_p95_seconds > current.sla_seconds, false) as is_sla_breached,
    {{ last_failed_projection_at() }} as last_failed_projection_at,
    source_event.event_id as source_event_id,
    source_event.aggregate_version as source_version,
    source_event.event_time as source_event_time,
    {{ projected_at() }} as projected_at
from current
inner join {{ ref("int_event_sequenced") }} as source_event on current.last_arrival_seq = source_event.arrival_seq
left join lag_of_model on current.model = lag_of_model.model
