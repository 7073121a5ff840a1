-- Events that lost their version to another event of the same aggregate: they do not apply.
select
    'stale_event' as check_key,
    concat_ws('', lake_event.aggregate_type, '/', {{ month_text("lake_event.event_time") }}) as partition,
    'source' as kind,
    'warning' as severity,
    count(set_aside.arrival_seq) as left_count,
    cast(0 as bigint) as right_count,
    min(case when set_aside.arrival_seq is not null then lake_event.aggregate_id end) as example
from {{ lake_envelopes() }}
left join {{ ref("recon_event_set_aside") }} as set_aside
    on lake_event.arrival_seq = set_aside.arrival_seq and set_aside.reason = 'stale'
group by lake_event.aggregate_type, {{ month_text("lake_event.event_time") }}
