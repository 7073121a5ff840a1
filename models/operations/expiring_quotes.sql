-- Approved quotes that expire within the days of var expiring_within_days: who must act, and what stands in the way of an order.
{% set blockers = {
    "APPROVAL_STALE": "not coalesce(approval.is_approval_fresh, false)",
    "PRICE_STALE": "coalesce(price.stale_price_line_count, 0) > 0",
    "CATALOG_STALE": "coalesce(price.stale_catalog_line_count, 0) > 0",
    "EVENTS_MISSING": "work.has_gap",
    "CONFLICT_OPEN": "work.has_open_conflict",
} %}
select
    work.quote_id,
    work.quote_revision,
    work.quote_number,
    work.account_id,
    account.account_name,
    account.account_id is null as is_pending_enrichment,
    coalesce(work.sales_rep_id, 'unassigned') as owner,
    work.sales_team,
    work.region,
    work.channel,
    price.currency,
    {{ money("price.net_price_amount") }} as total_contract_value,
    work.revision_status as status,
    work.status_since,
    {{ age_seconds("work.status_since") }} as status_age_seconds,
    work.approved_at,
    approval.valid_until as approval_valid_until,
    coalesce(approval.is_approval_fresh, false) as is_approval_fresh,
    coalesce(price.stale_price_line_count, 0) > 0 as is_price_stale,
    coalesce(price.stale_catalog_line_count, 0) > 0 as is_catalog_stale,
    {{ reason_codes(blockers) }} is null as is_convertible,
    {{ reason_codes(blockers) }} as reason_codes,
    {{ reason_count(blockers) }} as reason_count,
    term.expires_at,
    {{ seconds_between(as_of(), "term.expires_at") }} as expires_in_seconds,
    {{ add_seconds("term.expires_at", "-" ~ var("expiry_notice_days") * 86400) }} as notify_at,
    {{ projection_columns() }}
from {{ ref("int_quote_in_work") }} as work
inner join {{ ref("int_event_projected") }} as source_event on work.arrival_seq = source_event.arrival_seq
inner join {{ ref("int_quote_revision_term") }} as term
    on work.quote_id = term.quote_id and work.quote_revision = term.quote_revision
left join {{ ref("int_quote_in_work_price") }} as price
    on work.quote_id = price.quote_id and work.quote_revision = price.quote_revision
left join {{ ref("int_quote_in_work_approval") }} as approval
    on work.quote_id = approval.quote_id and work.quote_revision = approval.quote_revision
left join {{ ref("int_account_current") }} as account on work.account_id = account.account_id
where
    work.revision_status in ('APPROVED', 'SENT')
    and term.expires_at >= {{ as_of() }}
    and {{ seconds_between(as_of(), "term.expires_at") }} <= {{ var("expiring_within_days") * 86400 }}
