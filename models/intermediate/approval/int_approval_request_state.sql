{{ config(materialized="incremental", incremental_strategy="touched", unique_key="approval_request_id", touched="ApprovalRequest") }}

-- The approval request folded over its applied events: the last decision counts, and what was recalled or invalidated stays so.
{% set moments = {"decided": "approval_decided", "recalled": "approval_recalled", "invalidated": "approval_invalidated"} %}
with folded as (
    select
        happened.approval_request_id,
        {%- for column in ["approver", "approver_group"] %}
        max_by(happened.{{ column }}, case when happened.{{ column }} is not null then happened.aggregate_version end) as {{ column }},
        {%- endfor %}
        {%- for moment, event in moments.items() %}
        {%- set version = "case when happened.event_name = '" ~ event ~ "' then happened.aggregate_version end" %}
        {{ "max_by" if moment == "decided" else "min_by" }}(happened.event_time, {{ version }}) as {{ moment }}_at,
        {{ "max" if moment == "decided" else "min" }}({{ version }}) as {{ moment }}_version,
        {%- endfor %}
        {%- for column in ["decision", "decided_by", "valid_until"] %}
        {{ value_at_last(
            "happened." ~ column, "case when happened.event_name = 'approval_decided' then happened.aggregate_version end"
        ) }} as {{ column }},
        {%- endfor %}
        {%- for reason, event in {"recall_reason": "approval_recalled", "invalidation_reason": "approval_invalidated"}.items() %}
        min_by(happened.reason, case when happened.event_name = '{{ event }}' then happened.aggregate_version end) as {{ reason }},
        {%- endfor %}
        count(case when happened.event_name = 'approval_reassigned' then happened.arrival_seq end) as reassigned_count,
        max_by(happened.event_id, happened.aggregate_version) as source_event_id,
        max_by(happened.arrival_seq, happened.aggregate_version) as arrival_seq
    from {{ applied_events("int_approval_event") }} as happened
    where {{ is_touched("happened.approval_request_id", "ApprovalRequest") }}
    group by happened.approval_request_id
),

described as (
    select
        requested.*,
        row_number() over (partition by requested.approval_request_id order by requested.aggregate_version desc) as recency
    from {{ applied_events("stg_cpq__approval_requested", "ApprovalRequest") }} as requested
)

select
    folded.approval_request_id,
    described.quote_id,
    described.quote_revision,
    described.submission_sequence,
    described.policy_version,
    {{ joined_list("described.reason_codes") }} as reason_codes,
    described.requested_by,
    described.max_discount_percent,
    described.event_time as requested_at,
    described.sla_due_at,
    folded.approver,
    folded.approver_group,
    folded.reassigned_count,
    folded.decision,
    folded.decided_by,
    folded.decided_at,
    folded.valid_until,
    folded.recalled_at,
    folded.recall_reason,
    folded.invalidated_at,
    folded.invalidation_reason,
    coalesce(folded.recalled_version < coalesce(folded.decided_version, folded.recalled_version + 1), false)
    or coalesce(folded.invalidated_version < coalesce(folded.decided_version, folded.invalidated_version + 1), false)
        as is_withdrawn_before_decision,
    case
        when folded.invalidated_version is not null then 'INVALIDATED'
        when folded.recalled_version is not null then 'RECALLED'
        else coalesce(folded.decision, 'REQUESTED')
    end as approval_status,
    folded.source_event_id,
    folded.arrival_seq
from folded
left join described on folded.approval_request_id = described.approval_request_id and described.recency = 1
