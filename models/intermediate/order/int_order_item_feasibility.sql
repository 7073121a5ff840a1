{{ config(materialized="incremental", incremental_strategy="touched", unique_key="order_id", touched="Order") }}

-- Checks of an item within one cycle, folded: the last conclusive result counts. A timeout concludes nothing.
with checked as (
    select
        feasibility.*,
        case when feasibility.outcome <> 'TIMEOUT' then feasibility.aggregate_version end as conclusive_version
    from {{ applied_events("stg_oms__order_item_feasibility_checked", "Order") }} as feasibility
),

folded as (
    select
        checked.order_id,
        checked.order_item_id,
        checked.check_cycle,
        min_by(checked.event_time, checked.aggregate_version) as first_checked_at,
        max_by(checked.event_time, checked.conclusive_version) as concluded_at,
        min_by(checked.outcome, checked.aggregate_version) as first_outcome,
        coalesce(max_by(checked.outcome, checked.conclusive_version), 'TIMEOUT') as outcome,
        coalesce(max(checked.conclusive_version), max(checked.aggregate_version)) as shown_version,
        count(*) as check_count,
        count(case when checked.outcome = 'TIMEOUT' then 1 end) as timeout_count
    from checked
    group by checked.order_id, checked.order_item_id, checked.check_cycle
)

select
    folded.order_id,
    folded.order_item_id,
    folded.check_cycle,
    folded.first_checked_at,
    folded.concluded_at,
    folded.first_outcome,
    folded.outcome,
    shown.reason_code,
    folded.outcome <> 'TIMEOUT' as is_conclusive,
    folded.outcome = 'FEASIBLE' as is_feasible,
    folded.first_outcome = 'FEASIBLE' as is_first_pass,
    folded.check_count,
    folded.timeout_count,
    shown.event_id as source_event_id,
    shown.arrival_seq
from folded
inner join checked as shown on folded.order_id = shown.order_id and folded.shown_version = shown.aggregate_version
