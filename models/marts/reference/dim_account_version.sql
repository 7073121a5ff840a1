select
    account.account_id,
    account.account_version,
    account.valid_from,
    account.valid_to,
    account.is_current,
    account.account_name,
    account.legal_name,
    account.segment,
    account.region,
    account.country,
    account.owner_id,
    account.partner_id,
    account.priority,
    coalesce(account.is_test, false) as is_test,
    account.source_event_id,
    account.arrival_seq,
    coalesce(integrity.has_gap, false) as has_gap,
    coalesce(integrity.has_stale_event, false) as has_stale_event,
    coalesce(integrity.has_open_conflict, false) as has_open_conflict
from {{ ref("int_account_version") }} as account
left join {{ ref("int_aggregate_integrity") }} as integrity
    on account.account_id = integrity.aggregate_id and integrity.aggregate_type = 'Account'
