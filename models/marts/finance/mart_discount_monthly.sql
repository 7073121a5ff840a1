-- Discounts per month and segment. The segment has every line, with or without a discount; a type has the lines that carry it.
{% set segment = ["basis", "period", "charge_type", "currency", "product_family", "region", "channel", "approval_reason"] %}
with by_type as (
    select
        discount.{{ segment | join(",\n        discount.") }},
        discount.discount_type,
        count(*) as line_count,
        sum(discount.adjustment_count) as adjustment_count,
        sum(discount.prorated_list_amount) as list_amount,
        sum(discount.adjustment_amount) as adjustment_amount,
        sum(case when discount.has_valid_approval then discount.adjustment_amount else 0 end) as approved_amount,
        sum(discount.absolute_amount) as absolute_amount,
        sum(discount.reporting_adjustment_amount) as reporting_adjustment_amount,
        sum(discount.reporting_adjustment_amount * case when discount.has_valid_approval then 1 else 0 end) as reporting_approved_amount,
        count(*) - count(discount.rate_id) as unconverted_line_count,
        count(distinct discount.rate_id) as rate_count,
        min(discount.rate_id) as first_rate_id
    from {{ ref("int_quote_line_discount") }} as discount
    group by
        discount.{{ segment | join(",\n        discount.") }},
        discount.discount_type
),

listed as (
    select
        line.{{ segment | join(",\n        line.") }},
        sum(line.prorated_list_amount) as segment_list_amount
    from {{ ref("int_quote_line_attributed") }} as line
    group by
        line.{{ segment | join(",\n        line.") }}
),

shared as (
    select
        by_type.*,
        listed.segment_list_amount,
        sum(by_type.absolute_amount) over (partition by by_type.{{ segment | join(", by_type.") }}) as segment_absolute_amount,
        sum(case when by_type.discount_type = 'UNCLASSIFIED' then by_type.absolute_amount else 0 end)
            over (partition by by_type.{{ segment | join(", by_type.") }}) as segment_unclassified_amount
    from by_type
    inner join listed
        on
            by_type.basis = listed.basis
            {%- for column in segment[1:] %}
            and by_type.{{ column }} = listed.{{ column }}
            {%- endfor %}
)

select
    shared.{{ segment | join(",\n    shared.") }},
    shared.discount_type,
    coalesce(taxonomy.discount_class, 'NONE') as discount_class,
    coalesce(taxonomy.is_economic_discount, false) as is_economic_discount,
    coalesce(taxonomy.is_controllable, false) as is_controllable,
    shared.line_count,
    cast(shared.adjustment_count as bigint) as adjustment_count,
    {%- for amount in ["list", "segment_list", "adjustment", "approved"] %}
    {{ money("shared." ~ amount ~ "_amount") }} as {{ amount }}_amount,
    {%- endfor %}
    {{ money("shared.adjustment_amount - shared.approved_amount") }} as unapproved_amount,
    {%- for amount in ["absolute", "segment_absolute", "segment_unclassified"] %}
    {{ money("shared." ~ amount ~ "_amount") }} as {{ amount }}_amount,
    {%- endfor %}
    {{ convert_amount("cast(100 as decimal(18, 4))", "nullif(shared.segment_absolute_amount, 0)", "shared.segment_unclassified_amount") }}
        as unclassified_share_percent,
    '{{ var("reporting_currency") }}' as reporting_currency,
    case when shared.rate_count = 1 and shared.unconverted_line_count = 0 then shared.first_rate_id end as reporting_rate_id,
    shared.rate_count as reporting_rate_count,
    shared.unconverted_line_count,
    {{ money("shared.reporting_adjustment_amount") }} as reporting_adjustment_amount,
    {{ money("shared.reporting_approved_amount") }} as reporting_approved_amount,
    {{ money("shared.reporting_adjustment_amount - shared.reporting_approved_amount") }} as reporting_unapproved_amount,
    {{ as_of() }} as as_of
from shared
left join {{ ref("discount_type") }} as taxonomy on shared.discount_type = taxonomy.code
