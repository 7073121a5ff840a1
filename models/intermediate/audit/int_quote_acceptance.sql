{{ config(materialized="table") }}

-- The acceptance of each accepted revision as the event says it, and the pricing that was shown: the last of the revision before it.
with accepted as (
    select
        acceptance.*,
        row_number() over (
            partition by acceptance.quote_id, acceptance.quote_revision
            order by acceptance.aggregate_version desc
        ) as recency
    from {{ applied_events("stg_cpq__quote_accepted") }} as acceptance
),

shown as (
    select
        accepted.quote_id,
        accepted.quote_revision,
        max_by(priced.arrival_seq, priced.aggregate_version) as pricing_arrival_seq
    from accepted
    inner join {{ applied_events("stg_cpq__quote_priced") }} as priced
        on
            accepted.quote_id = priced.quote_id
            and accepted.quote_revision = priced.quote_revision
            and accepted.aggregate_version > priced.aggregate_version
    where accepted.recency = 1
    group by accepted.quote_id, accepted.quote_revision
)

select
    accepted.quote_id,
    accepted.quote_revision,
    coalesce(accepted.quote_revision = last_one.quote_revision, false) as is_in_force,
    accepted.accepted_by,
    accepted.event_time as accepted_at,
    accepted.evidence_sha256,
    accepted.contract_terms.billingFrequency as billing_frequency,
    accepted.contract_terms.startDate as contract_start_date,
    accepted.contract_terms.endDate as contract_end_date,
    accepted.source_system,
    accepted.event_id,
    accepted.aggregate_version,
    accepted.arrival_seq,
    shown.pricing_arrival_seq
from accepted
left join shown on accepted.quote_id = shown.quote_id and accepted.quote_revision = shown.quote_revision
left join {{ ref("int_quote_accepted_revision") }} as last_one on accepted.quote_id = last_one.quote_id
where accepted.recency = 1
