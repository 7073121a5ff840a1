-- Quotes that need someone to act: what is to be done with each, why, since when, and who owns it.
{% set reasons = {
    "PRICING_MISSING": "work.revision_status = 'CREATED'",
    "NOT_SUBMITTED": "work.revision_status = 'PRICED'",
    "APPROVAL_PENDING": "work.revision_status = 'SUBMITTED'",
    "NOT_SENT": "work.revision_status = 'APPROVED'",
    "CUSTOMER_PENDING": "work.revision_status = 'SENT'",
    "NOT_ORDERED": "work.is_accepted",
    "EXPIRED": "not work.is_accepted and coalesce(term.expires_at < " ~ as_of() ~ ", false)",
    "APPROVAL_STALE": "work.revision_status in ('APPROVED', 'SENT') and not coalesce(approval.is_approval_fresh, false)",
    "PRICE_STALE": "coalesce(price.stale_price_line_count, 0) > 0",
    "CATALOG_STALE": "coalesce(price.stale_catalog_line_count, 0) > 0",
} %}
select
    work.quote_id,
    work.quote_revision,
    work.quote_number,
    work.account_id,
    account.account_name,
    account.account_id is null as is_pending_enrichment,
    work.opportunity_id,
    coalesce(work.sales_rep_id, 'unassigned') as owner,
    work.sales_team,
    work.region,
    work.channel,
    price.currency,
    {{ money("price.net_price_amount") }} as total_contract_value,
    work.revision_status as status,
    work.waiting_since as status_since,
    {{ age_seconds("work.waiting_since") }} as status_age_seconds,
    term.expires_at,
    case
        when work.is_accepted then 'CONVERT_TO_ORDER'
        when coalesce(term.expires_at < {{ as_of() }}, false) then 'REVISE_OR_CLOSE'
        when work.revision_status = 'CREATED' then 'PRICE'
        when work.revision_status = 'PRICED' then 'SUBMIT_FOR_APPROVAL'
        when work.revision_status = 'SUBMITTED' then 'CHASE_APPROVAL'
        when not coalesce(approval.is_approval_fresh, false) then 'RESUBMIT_FOR_APPROVAL'
        when work.revision_status = 'APPROVED' then 'SEND'
        else 'CHASE_CUSTOMER'
    end as next_action,
    {{ reason_codes(reasons) }} as reason_codes,
    {{ reason_count(reasons) }} as reason_count,
    work.has_gap,
    work.has_open_conflict,
    {{ projection_columns() }}
from {{ ref("int_quote_in_work") }} as work
inner join {{ ref("int_event_projected") }} as source_event on work.arrival_seq = source_event.arrival_seq
left join {{ ref("int_quote_revision_term") }} as term
    on work.quote_id = term.quote_id and work.quote_revision = term.quote_revision
left join {{ ref("int_quote_in_work_price") }} as price
    on work.quote_id = price.quote_id and work.quote_revision = price.quote_revision
left join {{ ref("int_quote_in_work_approval") }} as approval
    on work.quote_id = approval.quote_id and work.quote_revision = approval.quote_revision
left join {{ ref("int_account_current") }} as account on work.account_id = account.account_id
