{{ config(materialized="incremental", incremental_strategy="touched", unique_key="quote_id", touched="Quote") }}

-- Values that depend on the approval requests or the as-of time: a quote is rebuilt when one of them changed.
{% set borrowed = [
    "approved_by", "status_age_seconds", "open_age_seconds", "has_time_defect", "has_gap", "has_stale_event", "has_open_conflict",
] %}
{% set milestones = [
    "created", "configured", "first_priced", "last_priced", "first_submitted", "last_submitted", "approved", "sent", "accepted", "rejected",
    "expired", "cancelled", "converted", "superseded",
] %}
with lifecycle as (
    select held.*
    from {{ ref("int_quote_revision_lifecycle") }} as held
)

select
    lifecycle.quote_id,
    lifecycle.quote_revision,
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
    lifecycle.approved_by,
    lifecycle.accepted_by,
    lifecycle.revision_status,
    lifecycle.is_latest_revision,
    lifecycle.is_open,
    lifecycle.quote_created_at,
    {%- for milestone in milestones %}
    lifecycle.{{ milestone }}_at,
    {{ date_key("lifecycle." ~ milestone ~ "_at") }} as {{ milestone }}_date_key,
    {%- endfor %}
    lifecycle.status_since,
    lifecycle.status_age_seconds,
    lifecycle.open_age_seconds,
    lifecycle.cycle_seconds,
    lifecycle.cancellation_seconds,
    lifecycle.has_time_defect,
    lifecycle.source_event_id,
    lifecycle.arrival_seq,
    lifecycle.has_gap,
    lifecycle.has_stale_event,
    lifecycle.has_open_conflict
from lifecycle
left join {{ ref("int_quote_header") }} as header on lifecycle.quote_id = header.quote_id
where
    {{ is_touched("lifecycle.quote_id", "Quote") }} -- noqa: LT02
    {%- if is_incremental() %}
    or lifecycle.quote_id in ({{ ids_with_changes("quote_id", "lifecycle", ["quote_id", "quote_revision"], borrowed) }})
    {%- endif %}
