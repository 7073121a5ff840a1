{#
    A fact of attempts against the first call under each idempotency key that the lake holds, with the outcomes of all of them. Says it with no more than the
    lake, so it does not use the macro by which the fact is made (collapsed_attempts).
#}
{% macro attempt_pair_sides(check_key, mart, staging_model, id, success, failure) -%}
with call_in_lake as (
    select
        attempt.*,
        row_number() over (
            partition by attempt.is_counted, attempt.{{ id }}, attempt.idempotency_key
            order by attempt.aggregate_version
        ) as call_number,
        count(*) over (partition by attempt.is_counted, attempt.{{ id }}, attempt.idempotency_key) as call_count,
        max(case attempt.outcome when '{{ success }}' then 3 when '{{ failure }}' then 2 else 1 end) over (
            partition by attempt.is_counted, attempt.{{ id }}, attempt.idempotency_key
        ) as outcome_rank
    from {{ counted_events(staging_model) }} as attempt
),

lake_row as (
    select
        call_in_lake.is_counted and call_in_lake.call_number = 1 as is_counted,
        call_in_lake.{{ id }},
        call_in_lake.idempotency_key,
        call_in_lake.event_time as attempted_at,
        call_in_lake.call_count,
        case call_in_lake.outcome_rank when 3 then '{{ success }}' when 2 then '{{ failure }}' else 'UNKNOWN' end as outcome
    from call_in_lake
),

{{ row_pair_sides(
    check_key, mart, "attempted_at",
    {id: "varchar", "idempotency_key": "varchar", "attempted_at": "timestamp", "call_count": "bigint", "outcome": "varchar"},
) }}
{%- endmacro %}
