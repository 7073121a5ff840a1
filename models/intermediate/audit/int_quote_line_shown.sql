{{ config(materialized="table") }}

-- The lines of each accepted revision as they were shown at its acceptance, with what their adjustments add up to.
with lines as (
    select
        acceptance.quote_id,
        acceptance.quote_revision,
        {{ priced_line_columns() }},
        priced.currency,
        priced.catalog_version,
        priced.price_book_version,
        priced.pricing_engine_version,
        priced.policy_version,
        priced.event_time as priced_at,
        priced.event_id as pricing_event_id
    from {{ ref("int_quote_acceptance") }} as acceptance
    inner join {{ ref("stg_cpq__quote_priced") }} as priced on acceptance.pricing_arrival_seq = priced.arrival_seq
    {{ explode("priced.lines", "line") }}
),

adjusted as (
    select
        lines.quote_id,
        lines.quote_revision,
        lines.quote_line_id,
        count(*) as adjustment_count,
        {{ money("sum(adjustment.amount)") }} as adjustment_amount,
        {{ distinct_texts("adjustment.type") }} as adjustment_types,
        {{ distinct_texts("coalesce(adjustment.policyVersion, lines.policy_version)") }} as adjustment_policy_versions
    from lines
    {{ explode("lines.adjustments", "adjustment") }}
    group by lines.quote_id, lines.quote_revision, lines.quote_line_id
)

select
    lines.quote_id,
    lines.quote_revision,
    lines.quote_line_id,
    lines.parent_quote_line_id,
    lines.product_offering_id,
    lines.charge_type,
    lines.quantity,
    lines.term_periods,
    lines.list_unit_price,
    lines.proration_factor,
    lines.prorated_list_amount,
    lines.net_price_amount,
    lines.tax_display_amount,
    lines.currency,
    lines.catalog_version,
    lines.price_book_version,
    lines.pricing_engine_version,
    lines.policy_version,
    lines.priced_at,
    lines.pricing_event_id,
    coalesce(adjusted.adjustment_count, 0) as adjustment_count,
    case when adjusted.quote_line_id is null then 0 else adjusted.adjustment_amount end as adjustment_amount,
    adjusted.adjustment_types,
    adjusted.adjustment_policy_versions
from lines
left join adjusted
    on
        lines.quote_id = adjusted.quote_id
        and lines.quote_revision = adjusted.quote_revision
        and lines.quote_line_id = adjusted.quote_line_id
