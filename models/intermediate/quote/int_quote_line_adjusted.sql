{{ config(materialized="incremental", incremental_strategy="touched", unique_key="quote_id", touched="Quote") }}

-- Adjustments per line, one signed sum per type, and the discount as the taxonomy defines it.
select
    adjustment.quote_id,
    adjustment.quote_revision,
    adjustment.quote_line_id,
    {%- for type in adjustment_types() %}
    {{ money("sum(case when adjustment.adjustment_type = '" ~ type ~ "' then adjustment.adjustment_amount else 0 end)") }}
        as {{ type | lower }}_amount,
    {%- endfor %}
    {{ money("sum(case when taxonomy.is_economic_discount then adjustment.adjustment_amount else 0 end)") }} as discount_amount
from {{ ref("int_quote_line_adjustment") }} as adjustment
left join {{ ref("discount_type") }} as taxonomy on adjustment.adjustment_type = taxonomy.code
where {{ is_touched("adjustment.quote_id", "Quote") }}
group by adjustment.quote_id, adjustment.quote_revision, adjustment.quote_line_id
