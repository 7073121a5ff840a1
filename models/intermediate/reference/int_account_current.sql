{{ config(materialized="table") }}

-- The account as its last applied event says.
with ranked as (
    select
        upserted.*,
        row_number() over (partition by upserted.account_id order by upserted.aggregate_version desc) as recency
    from {{ applied_events("stg_crm__account_upserted") }} as upserted
)

select
    ranked.account_id,
    ranked.account_name,
    ranked.legal_name,
    ranked.segment,
    ranked.region,
    ranked.country,
    ranked.owner_id,
    ranked.partner_id,
    ranked.priority,
    ranked.is_test,
    ranked.event_time as updated_at,
    ranked.event_id as source_event_id,
    ranked.arrival_seq
from ranked
where ranked.recency = 1
