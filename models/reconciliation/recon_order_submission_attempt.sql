-- fact_order_submission_attempt against the first call under each idempotency key that the lake holds, with the outcomes of all of them.
with call_in_lake as (
    select
        attempt.*,
        row_number() over (
            partition by attempt.is_counted, attempt.order_id, attempt.idempotency_key
            order by attempt.aggregate_version
        ) as call_number,
        count(*) over (partition by attempt.is_counted, attempt.order_id, attempt.idempotency_key) as call_count,
        max(case attempt.outcome when 'ACCEPTED' then 3 when 'REJECTED' then 2 else 1 end) over (
            partition by attempt.is_counted, attempt.order_id, attempt.idempotency_key
        ) as outcome_rank
    from {{ counted_events("stg_oms__order_submission_attempted") }} as attempt
),

lake_row as (
    select
        call_in_lake.is_counted and call_in_lake.call_number = 1 as is_counted,
        call_in_lake.order_id,
        call_in_lake.idempotency_key,
        call_in_lake.event_time as attempted_at,
        call_in_lake.call_count,
        case call_in_lake.outcome_rank when 3 then 'ACCEPTED' when 2 then 'REJECTED' else 'UNKNOWN' end as outcome
    from call_in_lake
),

{{ row_pair_sides(
    "order_submission_attempt", "fact_order_submission_attempt", "attempted_at",
    {
        "order_id": "varchar", "idempotency_key": "varchar", "attempted_at": "timestamp", "call_count": "bigint", "outcome": "varchar",
    },
) }}
