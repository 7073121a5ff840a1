-- The history of each account: every applied event with the interval in which it holds.
select
    upserted.account_id,
    upserted.aggregate_version as account_version,
    upserted.valid_from,
    upserted.valid_to,
    upserted.valid_to is null as is_current,
    upserted.account_name,
    upserted.legal_name,
    upserted.segment,
    upserted.region,
    upserted.country,
    upserted.owner_id,
    upserted.partner_id,
    upserted.priority,
    upserted.is_test,
    upserted.event_id as source_event_id,
    upserted.arrival_seq
from {{ versioned("stg_crm__account_upserted", "account_id") }} as upserted
