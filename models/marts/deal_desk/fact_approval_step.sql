{{
    config(
        materialized="incremental",
        incremental_strategy="touched",
        unique_key="approval_request_id",
        touched="ApprovalRequest",
    )
}}

-- Values that a step borrows from its quote and the as-of time: a row is rebuilt when one of them changed.
{% set borrowed = ["accepted_at", "is_sla_breached", "is_valid_at_acceptance", "has_gap", "has_stale_event", "has_open_conflict"] %}
with assembled as (
    select
        step.*,
        revision.accepted_at,
        coalesce(step.decided_at, step.recalled_at, step.invalidated_at, {{ as_of() }}) > step.sla_due_at as is_sla_breached,
        case
            when revision.accepted_at is not null
                then {{ approval_holds_at("step", "revision.accepted_at") }}
        end as is_valid_at_acceptance,
        coalesce(own.has_gap or of_quote.has_gap, false) as has_gap,
        coalesce(own.has_stale_event or of_quote.has_stale_event, false) as has_stale_event,
        coalesce(own.has_open_conflict or of_quote.has_open_conflict, false) as has_open_conflict
    from {{ ref("int_approval_request_state") }} as step
    left join {{ ref("int_quote_revision") }} as revision
        on step.quote_id = revision.quote_id and step.quote_revision = revision.quote_revision
    left join {{ ref("int_aggregate_integrity") }} as own
        on step.approval_request_id = own.aggregate_id and own.aggregate_type = 'ApprovalRequest'
    left join {{ ref("int_aggregate_integrity") }} as of_quote
        on step.quote_id = of_quote.aggregate_id and of_quote.aggregate_type = 'Quote'
)

select
    assembled.approval_request_id,
    assembled.quote_id,
    assembled.quote_revision,
    assembled.submission_sequence,
    assembled.approver,
    assembled.approver_group,
    assembled.requested_by,
    assembled.policy_version,
    assembled.reason_codes,
    assembled.max_discount_percent,
    assembled.requested_at,
    {{ date_key("assembled.requested_at") }} as requested_date_key,
    assembled.sla_due_at,
    assembled.is_sla_breached,
    assembled.reassigned_count,
    assembled.approval_status,
    assembled.decision,
    assembled.decided_by,
    assembled.decided_at,
    {{ date_key("assembled.decided_at") }} as decided_date_key,
    case
        when assembled.decided_at >= assembled.requested_at and not assembled.is_withdrawn_before_decision
            then {{ seconds_between("assembled.requested_at", "assembled.decided_at") }}
    end as decision_seconds,
    coalesce(assembled.decided_at < assembled.requested_at, false) as has_time_defect,
    assembled.valid_until,
    assembled.recalled_at,
    assembled.recall_reason,
    assembled.invalidated_at,
    assembled.invalidation_reason,
    assembled.is_withdrawn_before_decision,
    assembled.accepted_at,
    assembled.is_valid_at_acceptance,
    assembled.source_event_id,
    assembled.arrival_seq,
    assembled.has_gap,
    assembled.has_stale_event,
    assembled.has_open_conflict
from assembled
where
    {{ is_touched("assembled.approval_request_id", "ApprovalRequest") }} -- noqa: LT02
    {%- if is_incremental() %}
    or assembled.approval_request_id in ({{ ids_with_changes("approval_request_id", "assembled", ["approval_request_id"], borrowed) }})
    {%- endif %}
