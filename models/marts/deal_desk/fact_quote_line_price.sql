{{ config(materialized="incremental", incremental_strategy="touched", unique_key="quote_id", touched="Quote") }}

with lines as (
    select quoted.*
    from {{ ref("int_quote_line") }} as quoted
    where
        {{ is_touched(
            "quoted.quote_id", "Quote",
            or_in=[ids_with_changed_rate("quote_id", "priced_date_key"), ids_with_changed_product_family("quote_id")],
        ) }}
),

priced as (
    select
        lines.*,
        {{ extended_amount("lines.quantity", "lines.list_unit_price", "coalesce(lines.term_periods, 1)") }} as list_price_amount,
        {%- for type in adjustment_types() %}
        case when adjusted.quote_id is null then 0 else adjusted.{{ type | lower }}_amount end as {{ type | lower }}_amount,
        {%- endfor %}
        case when adjusted.quote_id is null then 0 else adjusted.discount_amount end as discount_amount,
        {{ money("lines.net_price_amount - lines.cost_amount") }} as margin_amount
    from lines
    left join {{ ref("int_quote_line_adjusted") }} as adjusted
        on
            lines.quote_id = adjusted.quote_id
            and lines.quote_revision = adjusted.quote_revision
            and lines.quote_line_id = adjusted.quote_line_id
),

converted as (
    select
        priced.*,
        {%- for amount in ["list_price", "prorated_list", "discount", "net_price", "cost", "floor"] %}
        {{ reporting_amount("priced." ~ amount ~ "_amount", "priced.currency", "rate") }} as reporting_{{ amount }}_amount,
        {%- endfor %}
        {{ reporting_rate_id("priced.currency", "rate") }} as reporting_rate_id,
        {{ reporting_rate("priced.currency", "rate") }} as reporting_rate
    from priced
    left join {{ ref("int_exchange_rate_filled") }} as rate
        on priced.currency = rate.currency and cast(priced.priced_at as date) = rate.rate_date
)

select
    converted.quote_id,
    converted.quote_revision,
    converted.quote_line_id,
    converted.parent_quote_line_id,
    header.quote_number,
    header.account_id,
    converted.product_offering_id,
    offering.product_family,
    header.region,
    header.channel,
    converted.charge_type,
    converted.catalog_version,
    converted.price_book_version,
    converted.policy_version,
    converted.quantity,
    converted.term_periods,
    converted.list_unit_price,
    converted.proration_factor,
    converted.currency,
    converted.list_price_amount,
    converted.prorated_list_amount,
    {%- for type in adjustment_types() %}
    converted.{{ type | lower }}_amount,
    {%- endfor %}
    converted.discount_amount,
    converted.net_price_amount,
    converted.tax_display_amount,
    converted.cost_amount,
    converted.margin_amount,
    converted.floor_amount,
    '{{ var("reporting_currency") }}' as reporting_currency,
    converted.reporting_rate_id,
    converted.reporting_rate,
    converted.reporting_list_price_amount,
    converted.reporting_prorated_list_amount,
    converted.reporting_discount_amount,
    converted.reporting_net_price_amount,
    converted.reporting_cost_amount,
    {{ money("converted.reporting_net_price_amount - converted.reporting_cost_amount") }} as reporting_margin_amount,
    converted.reporting_floor_amount,
    {%- for milestone in ["created", "priced", "submitted", "approved", "sent", "accepted", "rejected", "expired", "cancelled"] %}
    {{ date_key("revision." ~ milestone ~ "_at") }} as {{ milestone }}_date_key,
    {%- endfor %}
    revision.revision_status,
    revision.is_latest_revision,
    converted.source_event_id,
    converted.arrival_seq,
    {{ integrity_flags() }}
from converted
left join {{ ref("int_quote_header") }} as header on converted.quote_id = header.quote_id
left join {{ ref("int_quote_revision") }} as revision
    on converted.quote_id = revision.quote_id and converted.quote_revision = revision.quote_revision
left join {{ ref("int_product_offering_current") }} as offering on converted.product_offering_id = offering.product_offering_id
left join {{ ref("int_aggregate_integrity") }} as integrity
    on converted.quote_id = integrity.aggregate_id and integrity.aggregate_type = 'Quote'
