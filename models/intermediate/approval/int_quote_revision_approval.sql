-- Of each revision the decision that approved it last, and what its approval requests are short of.
with numbered as (
    select
        step.*,
        row_number() over (
            partition by step.quote_id, step.quote_revision
            order by case when step.decision = 'APPROVED' then 0 else 1 end asc, step.decided_at desc, step.approval_request_id asc
        ) as place
    from {{ ref("int_approval_request_state") }} as step
    where step.quote_id is not null
)

select
    numbered.quote_id,
    numbered.quote_revision,
    max(case when numbered.place = 1 and numbered.decision = 'APPROVED' then numbered.decided_by end) as approved_by,
    max(case when integrity.has_gap then 1 else 0 end) = 1 as has_gap,
    max(case when integrity.has_stale_event then 1 else 0 end) = 1 as has_stale_event,
    max(case when integrity.has_open_conflict then 1 else 0 end) = 1 as has_open_conflict
from numbered
left join {{ ref("int_aggregate_integrity") }} as integrity
    on numbered.approval_request_id = integrity.aggregate_id and integrity.aggregate_type = 'ApprovalRequest'
group by numbered.quote_id, numbered.quote_revision
