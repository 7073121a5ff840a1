select
    account.account_id,
    account.account_name,
    account.legal_name,
    account.segment,
    account.region,
    account.country,
    account.owner_id,
    account.partner_id,
    account.priority,
    coalesce(account.is_test, false) as is_test,
    account.updated_at,
    account.source_event_id,
    account.arrival_seq,
    {{ integrity_flags() }}
from {{ ref("int_account_current") }} as account
left join {{ ref("int_aggregate_integrity") }} as integrity
    on account.account_id = integrity.aggregate_id and integrity.aggregate_type = 'Account'
