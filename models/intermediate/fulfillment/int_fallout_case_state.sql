{{ config(materialized="incremental", incremental_strategy="touched", unique_key="fallout_case_id", touched="FalloutCase") }}

-- The fallout case folded over its applied events. A case of which no opening arrived counts as open until it is recovered.
{% set latest = ["reason_code", "owner_team", "assignee", "next_action", "due_at", "resolution", "case_state"] %}
with folded as (
    select
        happened.fallout_case_id,
        min_by(happened.event_time, case when happened.event_name = 'fallout_opened' then happened.aggregate_version end) as opened_at,
        max_by(happened.event_time, case when happened.case_state = 'recovered' then happened.aggregate_version end) as recovered_at,
        count(case when happened.event_name = 'fallout_reopened' then happened.arrival_seq end) as reopen_count,
        min_by(happened.reason_code, case when happened.reason_code is not null then happened.aggregate_version end) as first_reason_code,
        {%- for column in latest %}
        max_by(happened.{{ column }}, case when happened.{{ column }} is not null then happened.aggregate_version end) as {{ column }},
        {%- endfor %}
        max_by(happened.event_id, happened.aggregate_version) as source_event_id,
        max_by(happened.arrival_seq, happened.aggregate_version) as arrival_seq
    from {{ applied_events("int_fallout_case_event") }} as happened
    where {{ is_touched("happened.fallout_case_id", "FalloutCase") }}
    group by happened.fallout_case_id
),

described as (
    select
        opened.*,
        row_number() over (partition by opened.fallout_case_id order by opened.aggregate_version desc) as recency
    from {{ applied_events("stg_oms__fallout_opened", "FalloutCase") }} as opened
)

select
    folded.fallout_case_id,
    described.order_id,
    described.order_item_id,
    described.task_id,
    described.downstream_system,
    described.priority,
    coalesce(folded.case_state, 'open') as case_state,
    folded.first_reason_code,
    folded.reason_code,
    folded.owner_team,
    folded.assignee,
    folded.next_action,
    folded.due_at,
    folded.opened_at,
    case when folded.case_state = 'recovered' then folded.recovered_at end as recovered_at,
    case when folded.case_state = 'recovered' then folded.resolution end as resolution,
    folded.reopen_count,
    folded.source_event_id,
    folded.arrival_seq
from folded
left join described on folded.fallout_case_id = described.fallout_case_id and described.recency = 1
