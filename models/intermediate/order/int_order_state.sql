{{ config(materialized="incremental", incremental_strategy="touched", unique_key="order_id", touched="Order") }}

-- The order as its last applied OrderSubmitted says, in the state that its last applied event gave it.
with entered as (
    select
        submission.order_id,
        submission.aggregate_version,
        submission.event_time,
        'SUBMITTED' as order_state,
        cast(null as string) as reason_code
    from {{ applied_events("stg_oms__order_submitted", "Order") }} as submission
    union all
    select
        changed.order_id,
        changed.aggregate_version,
        changed.event_time,
        changed.order_state,
        changed.reason_code
    from {{ applied_events("stg_oms__order_state_changed", "Order") }} as changed
),

last_entered as (
    select
        entered.*,
        row_number() over (partition by entered.order_id order by entered.aggregate_version desc) as recency
    from entered
),

submitted as (
    select
        submission.*,
        min_by(
            submission.promised_completion_at,
            case when submission.promised_completion_at is not null then submission.aggregate_version end
        ) over (partition by submission.order_id) as first_promised_completion_at,
        row_number() over (partition by submission.order_id order by submission.aggregate_version desc) as recency
    from {{ applied_events("stg_oms__order_submitted", "Order") }} as submission
)

select
    last_entered.order_id,
    submitted.order_number,
    submitted.quote_id,
    submitted.quote_revision,
    submitted.account_id,
    submitted.billing_account_id,
    submitted.currency,
    submitted.channel,
    submitted.region,
    submitted.catalog_version,
    submitted.price_book_version,
    submitted.service_address,
    submitted.event_time as submitted_at,
    submitted.promised_completion_at,
    submitted.first_promised_completion_at,
    last_entered.order_state,
    last_entered.reason_code as order_state_reason_code,
    last_entered.event_time as order_state_since,
    submitted.event_id as source_event_id,
    submitted.arrival_seq
from last_entered
left join submitted on last_entered.order_id = submitted.order_id and submitted.recency = 1
where last_entered.recency = 1
