-- What was accepted, one row per acceptance: the evidence, what was shown, by which rules and versions, who approved, what changed
-- afterwards, and whether order and billing are faithful to it. The lines, events and legs behind each answer have rows of their own.
{% set charges = ["ONE_TIME", "RECURRING", "USAGE"] %}
with changed as (
    select
        later.quote_id,
        later.quote_revision,
        count(*) as later_change_count,
        count(case when later.is_alteration then 1 end) as alteration_count,
        count(case when later.change_kind = 'CLOSED_PERIOD' then 1 end) as period_adjustment_count
    from {{ ref("audit_later_change") }} as later
    group by later.quote_id, later.quote_revision
)

select
    acceptance.quote_id,
    acceptance.quote_revision,
    acceptance.is_in_force,
    acceptance.evidence_sha256,
    acceptance.accepted_at,
    acceptance.accepted_by,
    acceptance.billing_frequency,
    acceptance.contract_start_date,
    acceptance.contract_end_date,
    acceptance.source_system as acceptance_source_system,
    acceptance.event_id as acceptance_event_id,
    shown.currency,
    cast(coalesce(shown.line_count, 0) as integer) as line_count,
    {%- for charge in charges %}
    shown.{{ charge | lower }}_list_amount,
    shown.{{ charge | lower }}_net_amount,
    {%- endfor %}
    shown.tax_display_amount,
    cast(coalesce(shown.miscalculated_line_count, 0) as integer) as miscalculated_line_count,
    shown.priced_at,
    shown.pricing_event_id,
    shown.catalog_version,
    shown.price_book_version,
    shown.pricing_engine_version,
    shown.policy_version,
    shown.taxonomy_version,
    submitted.is_approval_required,
    submitted.policy_version as approval_policy_version,
    cast(coalesce(approved.approval_count, 0) as integer) as approval_count,
    cast(coalesce(approved.valid_approval_count, 0) as integer) as valid_approval_count,
    cast(coalesce(approved.missing_approval_count, 0) as integer) as missing_approval_count,
    approved.approved_by,
    cast(coalesce(changed.later_change_count, 0) as integer) as later_change_count,
    cast(coalesce(changed.alteration_count, 0) as integer) as alteration_count,
    cast(coalesce(changed.period_adjustment_count, 0) as integer) as period_adjustment_count,
    cast(coalesce(shown.line_priced_again_count, 0) as integer) as line_priced_again_count,
    held.order_ids,
    {%- for name in ["order", "billing"] %}
    case
        when held.{{ name }}_break_count > 0 then false
        when held.{{ name }}_settled_count > 0 then true
    end as is_{{ name }}_faithful,
    cast(coalesce(held.{{ name }}_break_count, 0) as integer) as {{ name }}_break_count,
    coalesce(held.{{ name }}_over_net_amount, 0) as {{ name }}_over_net_amount,
    coalesce(held.{{ name }}_under_net_amount, 0) as {{ name }}_under_net_amount,
    {%- endfor %}
    {{ integrity_flags() }}
from {{ ref("int_quote_acceptance") }} as acceptance
left join {{ ref("int_commitment_price") }} as shown
    on acceptance.quote_id = shown.quote_id and acceptance.quote_revision = shown.quote_revision
left join {{ ref("int_quote_last_submission") }} as submitted
    on acceptance.quote_id = submitted.quote_id and acceptance.quote_revision = submitted.quote_revision
left join {{ ref("int_commitment_approval") }} as approved
    on acceptance.quote_id = approved.quote_id and acceptance.quote_revision = approved.quote_revision
left join changed on acceptance.quote_id = changed.quote_id and acceptance.quote_revision = changed.quote_revision
left join {{ ref("int_commitment_fulfillment") }} as held
    on acceptance.quote_id = held.quote_id and acceptance.quote_revision = held.quote_revision
left join {{ ref("int_aggregate_integrity") }} as integrity
    on acceptance.quote_id = integrity.aggregate_id and integrity.aggregate_type = 'Quote'
