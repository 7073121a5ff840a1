{{ config(materialized="incremental", incremental_strategy="touched", unique_key="quote_id", touched="Quote") }}

with attempt as (
    select validated.*
    from {{ applied_events("stg_cpq__quote_configuration_validated", "Quote") }} as validated
),

finding as (
    select
        attempt.arrival_seq as attempt_arrival_seq,
        error.ruleId as rule_id,
        error.severity as severity
    from attempt
    {{ explode("attempt.errors", "error") }}
),

counted as (
    select
        finding.attempt_arrival_seq,
        sum(case when finding.severity = 'ERROR' then 1 else 0 end) as error_count,
        sum(case when finding.severity = 'WARNING' then 1 else 0 end) as warning_count,
        {{ distinct_texts("case when finding.severity = 'ERROR' then finding.rule_id end") }} as error_rule_ids,
        {{ distinct_texts("case when finding.severity = 'WARNING' then finding.rule_id end") }} as warning_rule_ids
    from finding
    group by finding.attempt_arrival_seq
),

numbered as (
    select
        attempt.*,
        cast(
            row_number() over (partition by attempt.quote_id, attempt.quote_revision order by attempt.aggregate_version) as bigint
        ) as attempt_number,
        sum(case when attempt.validation_trigger = 'USER' then 1 else 0 end) over (
            partition by attempt.quote_id, attempt.quote_revision
            order by attempt.aggregate_version
            rows between unbounded preceding and current row
        ) as user_attempts_so_far,
        cast(coalesce(counted.error_count, 0) as bigint) as error_count,
        cast(coalesce(counted.warning_count, 0) as bigint) as warning_count,
        counted.error_rule_ids,
        counted.warning_rule_ids
    from attempt
    left join counted on attempt.arrival_seq = counted.attempt_arrival_seq
)

select
    numbered.quote_id,
    numbered.quote_revision,
    numbered.attempt_number,
    numbered.event_time as attempted_at,
    numbered.validation_trigger,
    numbered.outcome,
    numbered.error_count,
    numbered.warning_count,
    numbered.error_count > 0 as has_error,
    numbered.error_rule_ids,
    numbered.warning_rule_ids,
    case
        when numbered.validation_trigger = 'USER' and numbered.user_attempts_so_far = 1 then numbered.error_count = 0
    end as is_first_pass,
    (numbered.outcome = 'INVALID') <> (numbered.error_count > 0) as is_outcome_contradicted,
    numbered.event_id as source_event_id,
    numbered.arrival_seq
from numbered
