-- What was accepted, one row per acceptance: the evidence, what was shown, by which rules and versions, who approved, what changed
-- afterwards, and whether order and billing are faithful to it. The lines, events and legs behind each answer have rows of their own.
{% set charges = ["ONE_TIME", "RECURRING", "USAGE"] %}
{% set legs = {"order": "quote_order", "billing": "order_billing"} %}
with shown as (
    select
        line.quote_id,
        line.quote_revision,
        min(line.currency) as currency,
        count(*) as line_count,
        {%- for charge in charges %}
        {{ money("sum(case when line.charge_type = '" ~ charge ~ "' then line.prorated_list_amount else 0 end)") }}
            as {{ charge | lower }}_list_amount,
        {{ money("sum(case when line.charge_type = '" ~ charge ~ "' then line.shown_net_price_amount else 0 end)") }}
            as {{ charge | lower }}_net_amount,
        {%- endfor %}
        {{ money("sum(line.tax_display_amount)") }} as tax_display_amount,
        count(
            case when coalesce(line.calculated_net_price_amount <> line.shown_net_price_amount, true) then 1 end
        ) as miscalculated_line_count,
        count(case when line.is_priced_again then 1 end) as line_priced_again_count,
        min(line.priced_at) as priced_at,
        min(line.pricing_event_id) as pricing_event_id,
        min(line.catalog_version) as catalog_version,
        min(line.price_book_version) as price_book_version,
        min(line.pricing_engine_version) as pricing_engine_version,
        min(line.policy_version) as policy_version,
        min(line.taxonomy_version) as taxonomy_version
    from {{ ref("audit_accepted_line") }} as line
    group by line.quote_id, line.quote_revision
),

submitted as (
    select
        submission.quote_id,
        submission.quote_revision,
        max_by(submission.is_approval_required, submission.submission_sequence) as is_approval_required,
        max_by(submission.policy_version, submission.submission_sequence) as approval_policy_version,
        max(submission.submission_sequence) as submission_sequence
    from {{ ref("fact_approval_submission") }} as submission
    group by submission.quote_id, submission.quote_revision
),

approved as (
    select
        step.quote_id,
        step.quote_revision,
        count(case when step.decision = 'APPROVED' then 1 end) as approval_count,
        count(case when step.is_valid_at_acceptance then 1 end) as valid_approval_count,
        count(
            case
                when step.submission_sequence = submitted.submission_sequence and not coalesce(step.is_valid_at_acceptance, false) then 1
            end
        ) as missing_approval_count,
        {{ distinct_texts("case when step.is_valid_at_acceptance then step.decided_by end") }} as approved_by
    from {{ ref("fact_approval_step") }} as step
    left join submitted on step.quote_id = submitted.quote_id and step.quote_revision = submitted.quote_revision
    group by step.quote_id, step.quote_revision
),

changed as (
    select
        later.quote_id,
        later.quote_revision,
        count(*) as later_change_count,
        count(case when later.is_alteration then 1 end) as alteration_count,
        count(case when later.change_kind = 'CLOSED_PERIOD' then 1 end) as period_adjustment_count
    from {{ ref("audit_later_change") }} as later
    group by later.quote_id, later.quote_revision
),

-- Of legs in another currency only that they are breaks: amounts of two currencies are never added.
leg as (
    select
        acceptance.quote_id,
        acceptance.quote_revision,
        held.leg,
        held.leg_class,
        held.is_break,
        held.order_id,
        case when held.is_break and held.currency = shown.currency then held.over_net_amount else 0 end as over_net_amount,
        case when held.is_break and held.currency = shown.currency then held.under_net_amount else 0 end as under_net_amount
    from {{ ref("int_quote_acceptance") }} as acceptance
    inner join {{ ref("fact_commercial_leg") }} as held on acceptance.quote_id = held.quote_id
    left join shown on acceptance.quote_id = shown.quote_id and acceptance.quote_revision = shown.quote_revision
    where acceptance.is_in_force
),

held as (
    select
        leg.quote_id,
        leg.quote_revision,
        {%- for name, part in legs.items() %}
        count(case when leg.leg = '{{ part }}' and leg.is_break then 1 end) as {{ name }}_break_count,
        count(case when leg.leg = '{{ part }}' and leg.leg_class <> 'timing' then 1 end) as {{ name }}_settled_count,
        {{ money("sum(case when leg.leg = '" ~ part ~ "' then leg.over_net_amount else 0 end)") }} as {{ name }}_over_net_amount,
        {{ money("sum(case when leg.leg = '" ~ part ~ "' then leg.under_net_amount else 0 end)") }} as {{ name }}_under_net_amount,
        {%- endfor %}
        {{ distinct_texts("case when leg.leg = 'quote_order' then leg.order_id end") }} as order_ids
    from leg
    group by leg.quote_id, leg.quote_revision
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
    submitted.approval_policy_version,
    cast(coalesce(approved.approval_count, 0) as integer) as approval_count,
    cast(coalesce(approved.valid_approval_count, 0) as integer) as valid_approval_count,
    cast(coalesce(approved.missing_approval_count, 0) as integer) as missing_approval_count,
    approved.approved_by,
    cast(coalesce(changed.later_change_count, 0) as integer) as later_change_count,
    cast(coalesce(changed.alteration_count, 0) as integer) as alteration_count,
    cast(coalesce(changed.period_adjustment_count, 0) as integer) as period_adjustment_count,
    cast(coalesce(shown.line_priced_again_count, 0) as integer) as line_priced_again_count,
    held.order_ids,
    {%- for name in legs %}
    case
        when held.{{ name }}_break_count > 0 then false
        when held.{{ name }}_settled_count > 0 then true
    end as is_{{ name }}_faithful,
    cast(coalesce(held.{{ name }}_break_count, 0) as integer) as {{ name }}_break_count,
    coalesce(held.{{ name }}_over_net_amount, 0) as {{ name }}_over_net_amount,
    coalesce(held.{{ name }}_under_net_amount, 0) as {{ name }}_under_net_amount,
    {%- endfor %}
    coalesce(integrity.has_gap, false) as has_gap,
    coalesce(integrity.has_stale_event, false) as has_stale_event,
    coalesce(integrity.has_open_conflict, false) as has_open_conflict
from {{ ref("int_quote_acceptance") }} as acceptance
left join shown on acceptance.quote_id = shown.quote_id and acceptance.quote_revision = shown.quote_revision
left join submitted on acceptance.quote_id = submitted.quote_id and acceptance.quote_revision = submitted.quote_revision
left join approved on acceptance.quote_id = approved.quote_id and acceptance.quote_revision = approved.quote_revision
left join changed on acceptance.quote_id = changed.quote_id and acceptance.quote_revision = changed.quote_revision
left join held on acceptance.quote_id = held.quote_id and acceptance.quote_revision = held.quote_revision
left join {{ ref("int_aggregate_integrity") }} as integrity
    on acceptance.quote_id = integrity.aggregate_id and integrity.aggregate_type = 'Quote'
