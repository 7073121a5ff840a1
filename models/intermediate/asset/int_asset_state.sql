{{ config(materialized="incremental", incremental_strategy="touched", unique_key="asset_id", touched="Asset") }}

-- The asset folded over its applied events: made by AssetCreated, each AssetChanged replaces what it names, AssetTerminated ends it.
{% set latest = ["asset_state", "quantity", "recurring_net_amount", "last_order_id", "last_order_item_id", "termination_reason_code"] %}
with folded as (
    select
        happened.asset_id,
        {%- for column in latest %}
        max_by(happened.{{ column }}, case when happened.{{ column }} is not null then happened.aggregate_version end) as {{ column }},
        {%- endfor %}
        max_by(
            happened.event_time, case when happened.asset_state is not null then happened.aggregate_version end
        ) as asset_state_since
    from {{ applied_events("int_asset_event") }} as happened
    where {{ is_touched("happened.asset_id", "Asset") }}
    group by happened.asset_id
),

described as (
    select
        created.*,
        row_number() over (partition by created.asset_id order by created.aggregate_version desc) as recency
    from {{ applied_events("stg_inventory__asset_created", "Asset") }} as created
)

select
    folded.asset_id,
    described.account_id,
    described.billing_account_id,
    described.product_offering_id,
    described.currency,
    described.start_date,
    described.order_id,
    described.order_item_id,
    folded.asset_state,
    case when folded.asset_state = 'terminated' then folded.asset_state_since end as terminated_at,
    case when folded.asset_state = 'terminated' then folded.termination_reason_code end as termination_reason_code,
    folded.quantity,
    folded.recurring_net_amount,
    folded.last_order_id,
    folded.last_order_item_id
from folded
left join described on folded.asset_id = described.asset_id and described.recency = 1
