-- What happened to each asset, as one list; NULL where an event leaves a value as it was.
select
    created.asset_id,
    created.aggregate_version,
    created.event_time,
    created.event_id,
    'created' as event_name,
    'active' as asset_state,
    created.quantity,
    created.recurring_net_amount,
    created.order_id as last_order_id,
    created.order_item_id as last_order_item_id,
    cast(null as string) as termination_reason_code,
    created.arrival_seq
from {{ ref("stg_inventory__asset_created") }} as created
union all
select
    changed.asset_id,
    changed.aggregate_version,
    changed.event_time,
    changed.event_id,
    'changed' as event_name,
    cast(null as string) as asset_state,
    changed.quantity,
    changed.recurring_net_amount,
    changed.order_id as last_order_id,
    changed.order_item_id as last_order_item_id,
    cast(null as string) as termination_reason_code,
    changed.arrival_seq
from {{ ref("stg_inventory__asset_changed") }} as changed
union all
select
    terminated.asset_id,
    terminated.aggregate_version,
    terminated.event_time,
    terminated.event_id,
    'terminated' as event_name,
    'terminated' as asset_state,
    cast(null as decimal(18, 4)) as quantity,
    cast(null as decimal(18, 4)) as recurring_net_amount,
    cast(null as string) as last_order_id,
    cast(null as string) as last_order_item_id,
    terminated.reason_code as termination_reason_code,
    terminated.arrival_seq
from {{ ref("stg_inventory__asset_terminated") }} as terminated
