{#
    The calls of a staging model that apply, those under one idempotency key of an aggregate collapsed into one attempt. What once succeeded stays so: a failed
    or unknown call after it is a replay. Each row is the call that concluded the attempt (the first that succeeded, else the last that failed, else the
    last), with call_count, first_version and attempted_at of all its calls, attempt_outcome, and is_concluded: whether that outcome is final.

    from {{ collapsed_attempts("stg_cpq__quote_conversion_attempted", "Quote", "quote_id", "SUCCEEDED", "FAILED") }} as attempt
#}
{% macro collapsed_attempts(staging_model, aggregate_type, id, success, failure) -%}
    (
        with called as (
            select
                attempt.*,
                case when attempt.outcome = '{{ success }}' then attempt.aggregate_version end as success_version,
                case when attempt.outcome = '{{ failure }}' then attempt.aggregate_version end as failure_version
            from {{ applied_events(staging_model, aggregate_type) }} as attempt
        ),

        collapsed as (
            select
                called.{{ id }},
                called.idempotency_key,
                count(*) as call_count,
                min(called.aggregate_version) as first_version,
                min_by(called.event_time, called.aggregate_version) as attempted_at,
                case
                    when max(called.success_version) is not null then '{{ success }}'
                    when max(called.failure_version) is not null then '{{ failure }}'
                    else 'UNKNOWN'
                end as attempt_outcome,
                coalesce(min(called.success_version), max(called.failure_version)) as concluding_version,
                max(called.aggregate_version) as last_version
            from called
            group by called.{{ id }}, called.idempotency_key
        )

        select
            shown.*,
            collapsed.call_count,
            collapsed.first_version,
            collapsed.attempted_at,
            collapsed.attempt_outcome,
            collapsed.concluding_version is not null as is_concluded
        from collapsed
        inner join called as shown
            on
                collapsed.{{ id }} = shown.{{ id }}
                and coalesce(collapsed.concluding_version, collapsed.last_version) = shown.aggregate_version
    )
{%- endmacro %}
