-- The approval requests of each submission together, with what they are short of. Requests are numbered, because two may end at one moment.
with numbered as (
    select
        request.*,
        {%- for number, moment in {"recall_number": "recalled_at", "invalidation_number": "invalidated_at"}.items() %}
        row_number() over (
            partition by request.quote_id, request.quote_revision, request.submission_sequence
            order by coalesce(request.{{ moment }}, cast('9999-12-31' as timestamp)), request.approval_request_id
        ) as {{ number }},
        {%- endfor %}
        request.quote_id is not null as is_of_quote
    from {{ ref("int_approval_request_state") }} as request
)

select
    step.quote_id,
    step.quote_revision,
    step.submission_sequence,
    count(*) as step_count,
    count(step.decided_at) as decided_step_count,
    count(case when step.decision = 'DENIED' and not step.is_withdrawn_before_decision then step.approval_request_id end)
        as denied_step_count,
    count(case when step.is_withdrawn_before_decision then step.approval_request_id end) as withdrawn_step_count,
    min(step.requested_at) as first_requested_at,
    max(step.decided_at) as last_decided_at,
    min(step.recalled_at) as recalled_at,
    min_by(step.recall_reason, case when step.recall_number = 1 then step.recall_number end) as recall_reason,
    min(step.invalidated_at) as invalidated_at,
    min_by(step.invalidation_reason, case when step.invalidation_number = 1 then step.invalidation_number end) as invalidation_reason,
    max(case when integrity.has_gap then 1 else 0 end) = 1 as has_gap,
    max(case when integrity.has_stale_event then 1 else 0 end) = 1 as has_stale_event,
    max(case when integrity.has_open_conflict then 1 else 0 end) = 1 as has_open_conflict
from numbered as step
left join {{ ref("int_aggregate_integrity") }} as integrity
    on step.approval_request_id = integrity.aggregate_id and integrity.aggregate_type = 'ApprovalRequest'
where step.is_of_quote
group by step.quote_id, step.quote_revision, step.submission_sequence
