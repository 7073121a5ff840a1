-- What the lines that were shown come to, and by which versions they were priced.
{% set charges = ["ONE_TIME", "RECURRING", "USAGE"] %}
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
