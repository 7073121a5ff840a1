{{ config(materialized="incremental", incremental_strategy="touched", unique_key="quote_id", touched="Quote") }}

-- Adjustments per basis, line and type, so that the list amount of a line counts once for each type that it carries; NONE for a line
-- without any.
{% set of_line = [
    "basis", "period", "charge_type", "currency", "product_family", "region", "channel", "approval_reason", "quote_id", "quote_revision",
    "quote_line_id", "prorated_list_amount", "has_valid_approval", "rate_id",
] %}
{% set attributed = ref("int_quote_line_attributed") %}
{% set line_key = ["quote_id", "quote_revision", "quote_line_id", "basis"] %}
{% set borrowed = ["product_family", "has_valid_approval", "rate_id", "from_rate", "to_rate"] %}
with line as (
    select attributed.*
    from {{ attributed }} as attributed
    where {{ is_touched("attributed.quote_id", "Quote", or_in=[ids_with_changes("quote_id", attributed, line_key, borrowed)]) }}
)

select
    {%- for column in of_line %}
    line.{{ column }},
    {%- endfor %}
    min(line.from_rate) as from_rate,
    min(line.to_rate) as to_rate,
    coalesce(adjustment.adjustment_type, 'NONE') as discount_type,
    count(adjustment.quote_id) as adjustment_count,
    sum(coalesce(adjustment.adjustment_amount, 0)) as adjustment_amount,
    sum(abs(coalesce(adjustment.adjustment_amount, 0))) as absolute_amount,
    sum({{ reporting_amount("coalesce(adjustment.adjustment_amount, 0)", "line.currency", "line") }}) as reporting_adjustment_amount
from line
left join {{ ref("int_quote_line_adjustment") }} as adjustment
    on
        line.quote_id = adjustment.quote_id
        and line.quote_revision = adjustment.quote_revision
        and line.quote_line_id = adjustment.quote_line_id
group by
    {%- for column in of_line %}
    line.{{ column }},
    {%- endfor %}
    coalesce(adjustment.adjustment_type, 'NONE')
