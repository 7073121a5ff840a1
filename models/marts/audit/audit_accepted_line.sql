-- What the customer saw and accepted, line by line; what was calculated of it and by which versions; and what the line says today.
select
    acceptance.quote_id,
    acceptance.quote_revision,
    shown.quote_line_id,
    shown.parent_quote_line_id,
    acceptance.is_in_force,
    acceptance.evidence_sha256,
    acceptance.accepted_at,
    acceptance.event_id as acceptance_event_id,
    shown.priced_at,
    shown.pricing_event_id,
    shown.product_offering_id,
    shown.charge_type,
    shown.quantity,
    shown.term_periods,
    shown.list_unit_price,
    shown.proration_factor,
    shown.currency,
    shown.prorated_list_amount,
    cast(shown.adjustment_count as integer) as adjustment_count,
    {{ money("shown.adjustment_amount") }} as adjustment_amount,
    shown.net_price_amount as shown_net_price_amount,
    {{ money("shown.prorated_list_amount + shown.adjustment_amount") }} as calculated_net_price_amount,
    shown.tax_display_amount,
    shown.adjustment_types,
    shown.catalog_version,
    shown.price_book_version,
    shown.pricing_engine_version,
    shown.policy_version,
    shown.adjustment_policy_versions,
    (select cast(max(taxonomy.semantic_version) as integer) from {{ ref("discount_type") }} as taxonomy) as taxonomy_version,
    today.net_price_amount as current_net_price_amount,
    today.source_event_id as current_pricing_event_id,
    coalesce(today.source_event_id <> shown.pricing_event_id, true) as is_priced_again
from {{ ref("int_quote_acceptance") }} as acceptance
inner join {{ ref("int_quote_line_shown") }} as shown
    on acceptance.quote_id = shown.quote_id and acceptance.quote_revision = shown.quote_revision
left join {{ ref("fact_quote_line_price") }} as today
    on
        shown.quote_id = today.quote_id
        and shown.quote_revision = today.quote_revision
        and shown.quote_line_id = today.quote_line_id
