-- Approvals that no longer hold, of quotes that are still to be accepted or ordered: why they fell, since when, who must ask again.
with ended as (
    select
        step.*,
        case when step.valid_until < {{ as_of() }} then step.valid_until end as ran_out_at
    from {{ ref("fact_approval_step") }} as step
    where step.decision = 'APPROVED'
),

-- What came first ended it; a withdrawal may come when it had run out already.
fallen as (
    select
        ended.*,
        least(
            coalesce(ended.ran_out_at, ended.invalidated_at, ended.recalled_at),
            coalesce(ended.invalidated_at, ended.recalled_at, ended.ran_out_at),
            coalesce(ended.recalled_at, ended.ran_out_at, ended.invalidated_at)
        ) as stale_since
    from ended
    where coalesce(ended.ran_out_at, ended.invalidated_at, ended.recalled_at) is not null
)

select
    fallen.approval_request_id,
    fallen.quote_id,
    fallen.quote_revision,
    fallen.submission_sequence,
    work.quote_number,
    work.account_id,
    account.account_name,
    account.account_id is null as is_pending_enrichment,
    coalesce(work.sales_rep_id, 'unassigned') as owner,
    work.region,
    fallen.approver_group,
    fallen.decided_by,
    fallen.decided_at,
    'STALE' as status,
    fallen.stale_since as status_since,
    {{ age_seconds("fallen.stale_since") }} as status_age_seconds,
    case fallen.stale_since
        when fallen.ran_out_at then 'EXPIRY'
        when fallen.invalidated_at then coalesce(fallen.invalidation_reason, 'OTHER')
        else coalesce(fallen.recall_reason, 'OTHER')
    end as reason_codes,
    1 as reason_count,
    work.revision_status as quote_status,
    coalesce(approval.is_approval_fresh, false) as is_approved_again,
    fallen.policy_version,
    price.currency,
    {{ money("price.net_price_amount") }} as total_contract_value,
    {{ projection_columns() }}
from fallen
inner join {{ ref("int_quote_in_work") }} as work
    on fallen.quote_id = work.quote_id and fallen.quote_revision = work.quote_revision
inner join {{ ref("int_event_projected") }} as source_event on fallen.arrival_seq = source_event.arrival_seq
left join {{ ref("int_quote_in_work_price") }} as price
    on work.quote_id = price.quote_id and work.quote_revision = price.quote_revision
left join {{ ref("int_quote_in_work_approval") }} as approval
    on work.quote_id = approval.quote_id and work.quote_revision = approval.quote_revision
left join {{ ref("int_account_current") }} as account on work.account_id = account.account_id
