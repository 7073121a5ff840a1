-- How far each revision of a quote has come, and how long that has taken; a revision ends when the next one is made.
with dated as (
    select
        revision.*,
        lead(revision.created_at) over (partition by revision.quote_id order by revision.quote_revision) as superseded_at,
        max(case when revision.quote_revision = 1 then revision.created_at end) over (partition by revision.quote_id) as quote_created_at,
        revision.revision_status in ('ACCEPTED', 'REJECTED', 'EXPIRED', 'CANCELLED') as is_terminal
    from {{ ref("int_quote_revision") }} as revision
)

select
    dated.quote_id,
    dated.quote_revision,
    dated.revision_status,
    dated.is_latest_revision,
    dated.is_latest_revision and not dated.is_terminal as is_open,
    dated.quote_created_at,
    dated.created_at,
    milestone.configured_at,
    milestone.first_priced_at,
    dated.priced_at as last_priced_at,
    milestone.first_submitted_at,
    dated.submitted_at as last_submitted_at,
    dated.approved_at,
    dated.sent_at,
    dated.accepted_at,
    dated.rejected_at,
    dated.expired_at,
    dated.cancelled_at,
    milestone.converted_at,
    dated.superseded_at,
    approval.approved_by,
    milestone.accepted_by,
    milestone.status_since,
    case
        when dated.is_latest_revision and not dated.is_terminal and {{ as_of() }} >= milestone.status_since
            then {{ seconds_between("milestone.status_since", as_of()) }}
    end as status_age_seconds,
    case
        when dated.is_latest_revision and not dated.is_terminal and {{ as_of() }} >= dated.quote_created_at
            then {{ seconds_between("dated.quote_created_at", as_of()) }}
    end as open_age_seconds,
    {%- for seconds, statuses in {"cycle_seconds": "'ACCEPTED', 'REJECTED', 'EXPIRED'", "cancellation_seconds": "'CANCELLED'"}.items() %}
    case
        when
            dated.is_latest_revision
            and dated.revision_status in ({{ statuses }})
            and milestone.status_since >= dated.quote_created_at
            then {{ seconds_between("dated.quote_created_at", "milestone.status_since") }}
    end as {{ seconds }},
    {%- endfor %}
    coalesce(
        dated.is_latest_revision
        and case when dated.is_terminal then milestone.status_since else {{ as_of() }} end < dated.quote_created_at,
        false
    ) as has_time_defect,
    milestone.source_event_id,
    milestone.arrival_seq,
    coalesce(integrity.has_gap or approval.has_gap, false) as has_gap,
    coalesce(integrity.has_stale_event or approval.has_stale_event, false) as has_stale_event,
    coalesce(integrity.has_open_conflict or approval.has_open_conflict, false) as has_open_conflict
from dated
inner join {{ ref("int_quote_revision_milestone") }} as milestone
    on dated.quote_id = milestone.quote_id and dated.quote_revision = milestone.quote_revision
left join {{ ref("int_quote_revision_approval") }} as approval
    on dated.quote_id = approval.quote_id and dated.quote_revision = approval.quote_revision
left join {{ ref("int_aggregate_integrity") }} as integrity
    on dated.quote_id = integrity.aggregate_id and integrity.aggregate_type = 'Quote'
