-- fact_order_item_feasibility against the first check of each item and cycle that the lake holds, with the results of all of them.
with check_in_lake as (
    select
        feasibility.*,
        row_number() over (
            partition by feasibility.is_counted, feasibility.order_id, feasibility.order_item_id, feasibility.check_cycle
            order by feasibility.aggregate_version
        ) as check_number,
        count(*) over (
            partition by feasibility.is_counted, feasibility.order_id, feasibility.order_item_id, feasibility.check_cycle
        ) as check_count,
        -- A timeout sorts last, so this is the last conclusive result where there is one.
        first_value(feasibility.outcome) over (
            partition by feasibility.is_counted, feasibility.order_id, feasibility.order_item_id, feasibility.check_cycle
            order by case when feasibility.outcome = 'TIMEOUT' then 1 else 0 end, feasibility.aggregate_version desc
        ) as last_outcome
    from {{ counted_events("stg_oms__order_item_feasibility_checked") }} as feasibility
),

lake_row as (
    select
        check_in_lake.is_counted and check_in_lake.check_number = 1 as is_counted,
        check_in_lake.order_id,
        check_in_lake.order_item_id,
        check_in_lake.check_cycle,
        check_in_lake.event_time as first_checked_at,
        check_in_lake.outcome as first_outcome,
        check_in_lake.last_outcome as outcome,
        check_in_lake.check_count
    from check_in_lake
),

{{ row_pair_sides(
    "order_item_feasibility", "fact_order_item_feasibility", "first_checked_at",
    {
        "order_id": "varchar", "order_item_id": "varchar", "check_cycle": "bigint", "first_checked_at": "timestamp",
        "first_outcome": "varchar", "outcome": "varchar", "check_count": "bigint",
    },
) }}
