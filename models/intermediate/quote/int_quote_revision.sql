{{ config(materialized="incremental", incremental_strategy="touched", unique_key="quote_id", touched="Quote") }}

-- One row per revision: its milestones and its status. The status is that of the last event in version order; accepted, rejected,
-- expired and cancelled end a revision, so that nothing but another of these follows them.
{% set milestones = ["created", "priced", "submitted", "approved", "sent", "accepted", "rejected", "expired", "cancelled"] %}
with happened as (
    select
        revision_event.*,
        revision_event.revision_status in ('ACCEPTED', 'REJECTED', 'EXPIRED', 'CANCELLED') as is_terminal
    from {{ applied_events("int_quote_revision_event", none) }} as revision_event
    where {{ is_touched("revision_event.quote_id", "Quote") }}
),

folded as (
    select
        happened.quote_id,
        happened.quote_revision,
        {%- for milestone in milestones %}
        {{ "min_by" if milestone == "created" else "max_by" }}(
            case when happened.revision_status = '{{ milestone | upper }}' then happened.event_time end,
            case when happened.revision_status = '{{ milestone | upper }}' then happened.aggregate_version end
        ) as {{ milestone }}_at,
        {%- endfor %}
        coalesce(
            max_by(
                case when happened.is_terminal then happened.revision_status end,
                case when happened.is_terminal then happened.aggregate_version end
            ),
            max_by(happened.revision_status, happened.aggregate_version)
        ) as revision_status
    from happened
    group by happened.quote_id, happened.quote_revision
)

select
    folded.*,
    folded.quote_revision = max(folded.quote_revision) over (partition by folded.quote_id) as is_latest_revision
from folded
