{{ config(materialized="table") }}

-- The asset after each of its applied events: a value that an event leaves alone is carried on from the last that named it.
{% set carried = ["asset_state", "quantity", "recurring_net_amount", "last_order_id", "last_order_item_id", "termination_reason_code"] %}
with happened as (
    select asset_event.*
    from {{ applied_events("int_asset_event") }} as asset_event
),

folded as (
    select
        happened.asset_id,
        happened.aggregate_version as asset_version,
        happened.event_name,
        happened.event_time as valid_from,
        lead(happened.event_time) over (partition by happened.asset_id order by happened.aggregate_version) as valid_to,
        {%- for column in carried %}
        max_by(happened.{{ column }}, case when happened.{{ column }} is not null then happened.aggregate_version end) over (
            partition by happened.asset_id
            order by happened.aggregate_version
            rows between unbounded preceding and current row
        ) as {{ column }},
        {%- endfor %}
        row_number() over (partition by happened.asset_id order by happened.aggregate_version desc) = 1 as is_current,
        happened.event_id as source_event_id,
        happened.arrival_seq
    from happened
)

select
    folded.asset_id,
    folded.asset_version,
    folded.event_name,
    asset.account_id,
    asset.billing_account_id,
    asset.product_offering_id,
    asset.order_id,
    asset.order_item_id,
    asset.start_date,
    folded.asset_state,
    folded.quantity,
    asset.currency,
    folded.recurring_net_amount,
    folded.last_order_id,
    folded.last_order_item_id,
    case when folded.asset_state = 'terminated' then folded.termination_reason_code end as termination_reason_code,
    folded.valid_from,
    {{ date_key("folded.valid_from") }} as valid_from_date_key,
    folded.valid_to,
    folded.is_current,
    coalesce(folded.valid_to < folded.valid_from, false) as has_time_defect,
    folded.source_event_id,
    folded.arrival_seq,
    {{ integrity_flags() }}
from folded
inner join {{ ref("int_asset_state") }} as asset on folded.asset_id = asset.asset_id
left join {{ ref("int_aggregate_integrity") }} as integrity
    on folded.asset_id = integrity.aggregate_id and integrity.aggregate_type = 'Asset'
