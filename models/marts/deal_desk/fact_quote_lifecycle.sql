{{ config(materialized="incremental", incremental_strategy="touched", unique_key="quote_id", touched="Quote") }}

-- Values that depend on the approval requests or the as-of time: a quote is rebuilt when one of them changed.
{% set borrowed = [
    "approved_by", "status_age_seconds", "open_age_seconds", "has_time_defect", "has_gap", "has_stale_event", "has_open_conflict",
] %}
{% set milestones = [
    "created", "configured", "first_priced", "last_priced", "first_submitted", "last_submitted", "approved", "sent", "accepted", "rejected",
    "expired", "cancelled", "converted", "superseded",
] %}
with dated as (
    select
        revision.*,
        revision.priced_at as last_priced_at,
        revision.submitted_at as last_submitted_at,
        lead(revision.created_at) over (partition by revision.quote_id order by revision.quote_revision) as superseded_at,
        max(case when revision.quote_revision = 1 then revision.created_at end) over (partition by revision.quote_id) as quote_created_at,
        revision.revision_status in ('ACCEPTED', 'REJECTED', 'EXPIRED', 'CANCELLED') as is_terminal
    from {{ ref("int_quote_revision") }} as revision
),

assembled as (
    select
        dated.*,
        milestone.configured_at,
        milestone.first_priced_at,
        milestone.first_submitted_at,
        milestone.converted_at,
        milestone.accepted_by,
        milestone.status_since,
        milestone.source_event_id,
        milestone.arrival_seq,
        approval.approved_by,
        dated.is_latest_revision and not dated.is_terminal as is_open,
        case
            when dated.is_latest_revision and not dated.is_terminal and {{ as_of() }} >= milestone.status_since
                then {{ seconds_between("milestone.status_since", as_of()) }}
        end as status_age_seconds,
        case
            when dated.is_latest_revision and not dated.is_terminal and {{ as_of() }} >= dated.quote_created_at
                then {{ seconds_between("dated.quote_created_at", as_of()) }}
        end as open_age_seconds,
        coalesce(
            dated.is_latest_revision
            and case when dated.is_terminal then milestone.status_since else {{ as_of() }} end < dated.quote_created_at,
            false
        ) as has_time_defect,
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
)

select
    assembled.quote_id,
    assembled.quote_revision,
    header.quote_number,
    header.account_id,
    header.opportunity_id,
    header.quote_kind,
    header.currency,
    header.channel,
    header.region,
    header.sales_rep_id,
    header.sales_team,
    header.partner_id,
    assembled.approved_by,
    assembled.accepted_by,
    assembled.revision_status,
    assembled.is_latest_revision,
    assembled.is_open,
    assembled.quote_created_at,
    {%- for milestone in milestones %}
    assembled.{{ milestone }}_at,
    {{ date_key("assembled." ~ milestone ~ "_at") }} as {{ milestone }}_date_key,
    {%- endfor %}
    assembled.status_since,
    assembled.status_age_seconds,
    assembled.open_age_seconds,
    {%- for seconds, statuses in {"cycle_seconds": "'ACCEPTED', 'REJECTED', 'EXPIRED'", "cancellation_seconds": "'CANCELLED'"}.items() %}
    case
        when
            assembled.is_latest_revision
            and assembled.revision_status in ({{ statuses }})
            and assembled.status_since >= assembled.quote_created_at
            then {{ seconds_between("assembled.quote_created_at", "assembled.status_since") }}
    end as {{ seconds }},
    {%- endfor %}
    assembled.has_time_defect,
    assembled.source_event_id,
    assembled.arrival_seq,
    assembled.has_gap,
    assembled.has_stale_event,
    assembled.has_open_conflict
from assembled
left join {{ ref("int_quote_header") }} as header on assembled.quote_id = header.quote_id
where
    {{ is_touched("assembled.quote_id", "Quote") }} -- noqa: LT02
    {%- if is_incremental() %}
    or assembled.quote_id in ({{ ids_with_changes("quote_id", "assembled", ["quote_id", "quote_revision"], borrowed) }})
    {%- endif %}
