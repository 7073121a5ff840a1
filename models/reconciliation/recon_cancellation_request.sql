-- fact_cancellation_request against the requests in the lake, by the month in which they were first made (none where only decided).
with event_in_lake as (
    select
        request.is_counted,
        request.order_id,
        request.request_id,
        request.aggregate_version,
        request.event_time as requested_at,
        cast(null as timestamp) as decided_at,
        cast(null as string) as outcome
    from {{ counted_events("stg_oms__order_cancellation_requested") }} as request
    union all
    select
        decision.is_counted,
        decision.order_id,
        decision.request_id,
        decision.aggregate_version,
        cast(null as timestamp) as requested_at,
        decision.event_time as decided_at,
        decision.outcome
    from {{ counted_events("stg_oms__order_cancellation_decided") }} as decision
),

lake_row as (
    select
        true as is_counted,
        happened.order_id,
        happened.request_id,
        min_by(happened.requested_at, case when happened.requested_at is not null then happened.aggregate_version end) as requested_at,
        max_by(happened.decided_at, case when happened.decided_at is not null then happened.aggregate_version end) as decided_at,
        coalesce(
            max_by(happened.outcome, case when happened.outcome is not null then happened.aggregate_version end), 'PENDING'
        ) as outcome
    from event_in_lake as happened
    where happened.is_counted
    group by happened.order_id, happened.request_id
    union all
    -- Keeps the months of requests that make no row; counts nowhere.
    select distinct
        false as is_counted,
        cast(null as string) as order_id,
        cast(null as string) as request_id,
        happened.requested_at,
        cast(null as timestamp) as decided_at,
        cast(null as string) as outcome
    from event_in_lake as happened
    where happened.requested_at is not null
),

{{ row_pair_sides(
    "cancellation_request", "fact_cancellation_request", "requested_at",
    {
        "order_id": "varchar", "request_id": "varchar", "requested_at": "timestamp", "decided_at": "timestamp", "outcome": "varchar",
    },
) }}
