-- fact_order_lifecycle against the orders in the lake, by the month of their first OrderSubmitted (none without).
{% set events = [
    "order_submission_attempted", "order_submitted", "order_state_changed", "order_item_state_changed", "order_item_feasibility_checked",
    "order_decomposition_attempted", "order_cancellation_requested", "order_cancellation_decided",
] %}
{% set outcome = {
    "order_state_changed": "happened.order_state", "order_decomposition_attempted": "happened.outcome",
    "order_submission_attempted": "happened.outcome",
} %}
with event_in_lake as (
    {% for event in events -%}
    select
        happened.is_counted,
        happened.order_id,
        happened.aggregate_version,
        happened.event_time,
        '{{ event }}' as event_name,
        {{ outcome.get(event, "cast(null as string)") }} as outcome
    from {{ counted_events("stg_oms__" ~ event) }} as happened
    {% if not loop.last -%}
    union all
    {% endif -%}
    {% endfor %}
),

lake_row as (
    select
        true as is_counted,
        happened.order_id,
        {%- for column, (pick, event, outcome) in {
            "first_submitted_at": ("min_by", "order_submitted", none), "last_submitted_at": ("max_by", "order_submitted", none),
            "first_attempted_at": ("min_by", "order_submission_attempted", none),
            "last_rejected_at": ("max_by", "order_submission_attempted", "REJECTED"),
            "last_failed_at": ("max_by", "order_state_changed", "FAILED"),
            "last_cancelled_at": ("max_by", "order_state_changed", "CANCELLED"),
            "first_completed_at": ("min_by", "order_state_changed", "COMPLETED"),
        }.items() %}
        {{ pick }}(
            happened.event_time,
            case
                when happened.event_name = '{{ event }}'{{ " and happened.outcome = '" ~ outcome ~ "'" if outcome }}
                    then happened.aggregate_version
            end
        ) as {{ column }},
        {%- endfor %}
        count(case when happened.event_name = 'order_decomposition_attempted' then 1 end) as decomposition_attempt_count,
        count(case when happened.event_name = 'order_decomposition_attempted' and happened.outcome = 'FAILED' then 1 end)
            as decomposition_failure_count
    from event_in_lake as happened
    where happened.is_counted
    group by happened.order_id
    union all
    -- Keeps the months of submissions that make no row; counts nowhere.
    select distinct
        false as is_counted,
        cast(null as string) as order_id,
        happened.event_time as first_submitted_at,
        {%- for column in [
            "last_submitted", "first_attempted", "last_rejected", "last_failed", "last_cancelled", "first_completed",
        ] %}
        cast(null as timestamp) as {{ column }}_at,
        {%- endfor %}
        cast(null as bigint) as decomposition_attempt_count,
        cast(null as bigint) as decomposition_failure_count
    from event_in_lake as happened
    where happened.event_name = 'order_submitted'
),

{{ row_pair_sides(
    "order_lifecycle", "fact_order_lifecycle", "first_submitted_at",
    {
        "order_id": "varchar", "first_submitted_at": "timestamp", "last_submitted_at": "timestamp", "first_attempted_at": "timestamp",
        "last_failed_at": "timestamp", "last_cancelled_at": "timestamp", "first_completed_at": "timestamp", "last_rejected_at": "timestamp",
        "decomposition_attempt_count": "bigint", "decomposition_failure_count": "bigint",
    },
) }}
