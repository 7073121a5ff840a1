-- fact_configuration_attempt against every validation that the lake holds, with its errors.
with error_in_lake as (
    select
        validated.arrival_seq,
        count(*) as error_count
    from {{ ref("stg_cpq__quote_configuration_validated") }} as validated
    {{ explode("validated.errors", "finding") }}
    where finding.severity = 'ERROR'
    group by validated.arrival_seq
),

lake_row as (
    select
        validated.is_counted,
        validated.quote_id,
        validated.quote_revision,
        validated.event_id as source_event_id,
        validated.event_time as attempted_at,
        validated.validation_trigger,
        validated.outcome,
        coalesce(error_in_lake.error_count, 0) as error_count
    from {{ counted_events("stg_cpq__quote_configuration_validated") }} as validated
    left join error_in_lake on validated.arrival_seq = error_in_lake.arrival_seq
),

{{ row_pair_sides(
    "configuration_attempt", "fact_configuration_attempt", "attempted_at",
    {
        "quote_id": "varchar", "quote_revision": "bigint", "source_event_id": "varchar", "attempted_at": "timestamp",
        "validation_trigger": "varchar", "outcome": "varchar", "error_count": "bigint",
    },
) }}
