{{ config(materialized="incremental", incremental_strategy="touched", unique_key="quote_id", touched="Quote") }}

-- Of each revision the milestones that its status does not tell: first times, configuration, conversion, and since when the status holds.
with happened as (
    select
        revision_event.*,
        revision_event.revision_status in ('ACCEPTED', 'REJECTED', 'EXPIRED', 'CANCELLED') as is_terminal
    from {{ applied_events("int_quote_revision_event") }} as revision_event
    where {{ is_touched("revision_event.quote_id", "Quote") }}
),

folded as (
    select
        happened.quote_id,
        happened.quote_revision,
        {%- for milestone in ["priced", "submitted"] %}
        min_by(
            happened.event_time,
            case when happened.revision_status = '{{ milestone | upper }}' then happened.aggregate_version end
        ) as first_{{ milestone }}_at,
        {%- endfor %}
        coalesce(
            max_by(happened.event_time, case when happened.is_terminal then happened.aggregate_version end),
            max_by(happened.event_time, happened.aggregate_version)
        ) as status_since,
        coalesce(
            max_by(happened.arrival_seq, case when happened.is_terminal then happened.aggregate_version end),
            max_by(happened.arrival_seq, happened.aggregate_version)
        ) as arrival_seq
    from happened
    group by happened.quote_id, happened.quote_revision
),

configured as (
    select
        validated.quote_id,
        validated.quote_revision,
        max_by(validated.event_time, validated.aggregate_version) as configured_at
    from {{ applied_events("stg_cpq__quote_configuration_validated", "Quote") }} as validated
    where validated.outcome = 'VALID'
    group by validated.quote_id, validated.quote_revision
),

converted as (
    select
        attempt.quote_id,
        attempt.quote_revision,
        min_by(attempt.event_time, attempt.aggregate_version) as converted_at
    from {{ applied_events("stg_cpq__quote_conversion_attempted", "Quote") }} as attempt
    where attempt.outcome = 'SUCCEEDED'
    group by attempt.quote_id, attempt.quote_revision
),

accepted as (
    select
        acceptance.quote_id,
        acceptance.quote_revision,
        max_by(acceptance.accepted_by, acceptance.aggregate_version) as accepted_by
    from {{ applied_events("stg_cpq__quote_accepted", "Quote") }} as acceptance
    group by acceptance.quote_id, acceptance.quote_revision
)

select
    folded.quote_id,
    folded.quote_revision,
    configured.configured_at,
    folded.first_priced_at,
    folded.first_submitted_at,
    converted.converted_at,
    accepted.accepted_by,
    folded.status_since,
    shown.event_id as source_event_id,
    folded.arrival_seq
from folded
inner join {{ ref("int_event_sequenced") }} as shown on folded.arrival_seq = shown.arrival_seq
left join configured on folded.quote_id = configured.quote_id and folded.quote_revision = configured.quote_revision
left join converted on folded.quote_id = converted.quote_id and folded.quote_revision = converted.quote_revision
left join accepted on folded.quote_id = accepted.quote_id and folded.quote_revision = accepted.quote_revision
