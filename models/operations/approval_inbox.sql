-- Approval requests that wait for a decision, each once: who must decide, why, how urgent it is, and what is at stake.
select
    step.approval_request_id,
    step.quote_id,
    step.quote_revision,
    step.submission_sequence,
    header.quote_number,
    header.account_id,
    account.account_name,
    account.account_id is null as is_pending_enrichment,
    header.region,
    header.sales_rep_id,
    coalesce(step.approver_group, 'unassigned') as owner,
    step.approver,
    step.requested_by,
    step.approval_status as status,
    step.requested_at as status_since,
    {{ age_seconds("step.requested_at") }} as status_age_seconds,
    step.reason_codes,
    {{ joined_text_count("step.reason_codes") }} as reason_count,
    step.sla_due_at,
    step.is_sla_breached,
    {{ urgency("step.sla_due_at") }} as urgency,
    step.reassigned_count,
    price.currency,
    {{ money("price.net_price_amount") }} as total_contract_value,
    step.max_discount_percent,
    {{ money("100 * " ~ exact_ratio("price.net_price_amount - price.cost_amount", "price.net_price_amount")) }} as margin_percent,
    step.policy_version,
    coalesce(price.stale_price_line_count, 0) = 0 and coalesce(price.stale_catalog_line_count, 0) = 0
    and coalesce(work.last_priced_at <= step.requested_at, false) as is_fresh_enough,
    step.has_gap,
    step.has_open_conflict,
    {{ projection_columns() }}
from {{ ref("fact_approval_step") }} as step
inner join {{ ref("int_event_projected") }} as source_event on step.arrival_seq = source_event.arrival_seq
left join {{ ref("int_quote_header") }} as header on step.quote_id = header.quote_id
left join {{ ref("int_quote_in_work") }} as work
    on step.quote_id = work.quote_id and step.quote_revision = work.quote_revision
left join {{ ref("int_quote_in_work_price") }} as price
    on step.quote_id = price.quote_id and step.quote_revision = price.quote_revision
left join {{ ref("int_account_current") }} as account on header.account_id = account.account_id
where step.approval_status = 'REQUESTED'
