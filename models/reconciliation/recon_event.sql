-- Every accepted event, in the lake and in what the models keep of it: counted, with the sum of arrival numbers, per type and month. Stale
-- and superseded events are told apart on both sides, so that a state rests on the same events that the lake says it should.
with lake_side as (
    select
        lake_event.event_type,
        {{ month_text("lake_event.event_time") }} as month,
        count(*) as count,
        cast(sum(lake_event.arrival_seq) as decimal(38, 0)) as arrival_sum,
        count(*) filter (where set_aside.arrival_seq is null) as applied_count,
        cast(coalesce(sum(lake_event.arrival_seq) filter (where set_aside.arrival_seq is null), 0) as decimal(38, 0)) as applied_arrival_sum
    from {{ lake_envelopes() }}
    left join {{ ref("recon_event_set_aside") }} as set_aside on lake_event.arrival_seq = set_aside.arrival_seq
    group by lake_event.event_type, {{ month_text("lake_event.event_time") }}
),

mart_side as (
    select
        sequenced.event_type,
        {{ month_text("sequenced.event_time") }} as month,
        count(*) as count,
        cast(sum(sequenced.arrival_seq) as decimal(38, 0)) as arrival_sum,
        count(*) filter (where sequenced.is_applied) as applied_count,
        cast(coalesce(sum(sequenced.arrival_seq) filter (where sequenced.is_applied), 0) as decimal(38, 0)) as applied_arrival_sum
    from {{ ref("int_event_sequenced") }} as sequenced
    group by sequenced.event_type, {{ month_text("sequenced.event_time") }}
)

{{ pair_sides(
    "event", "event", ["event_type", "month"], ["count", "arrival_sum", "applied_count", "applied_arrival_sum"],
) }}
