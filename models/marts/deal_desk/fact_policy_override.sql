{{ config(materialized="incremental", incremental_strategy="touched", unique_key="quote_id", touched="Quote") }}

select
    override.policy_override_id,
    override.quote_id,
    override.quote_revision,
    override.quote_line_id,
    override.policy_id,
    override.policy_type,
    override.first_event_at,
    {{ date_key("override.first_event_at") }} as first_event_date_key,
    override.first_applied_at,
    override.applied_by,
    override.applied_count,
    override.last_removed_at,
    override.last_removed_by,
    override.removed_count,
    override.is_in_force,
    override.is_in_force_at_submission,
    override.submitted_at,
    {{ date_key("override.submitted_at") }} as submitted_date_key,
    override.source_event_id,
    override.arrival_seq,
    {{ integrity_flags() }}
from {{ ref("int_policy_override") }} as override
left join {{ ref("int_aggregate_integrity") }} as integrity
    on override.quote_id = integrity.aggregate_id and integrity.aggregate_type = 'Quote'
where {{ is_touched("override.quote_id", "Quote") }}
