-- The price waterfall of accepted lines. A level (LIST, PRORATED_LIST, NET, INVOICED) is summed from its own source, a move leads to the
-- next level; every step rests on the same lines, and in the reporting currency on the same rate.
{% set segment = ["period", "charge_type", "currency", "product_family", "region", "channel"] %}
{% set steps = [
    (1, "LIST", "list", none), (2, "PRORATION", "prorated_list", "list"), (3, "PRORATED_LIST", "prorated_list", none),
    (15, "NET", "net", none), (16, "INVOICING", "invoiced", "net"), (17, "INVOICED", "invoiced", none),
] %}
with invoiced as (
    select
        order_line.quote_id,
        order_line.quote_line_id,
        invoice_line.currency,
        {{ money("sum(invoice_line.net_amount)") }} as amount
    from {{ ref("fact_invoice_line") }} as invoice_line
    inner join {{ ref("fact_order_line") }} as order_line
        on invoice_line.order_id = order_line.order_id and invoice_line.order_item_id = order_line.order_item_id
    where invoice_line.document_type = 'INVOICE' and order_line.quote_line_id is not null
    group by order_line.quote_id, order_line.quote_line_id, invoice_line.currency
),

level as (
    select
        line.{{ segment | join(",\n        line.") }},
        row_number() over (order by line.{{ segment | join(", line.") }}) as segment_number,
        {%- for name in ["list", "prorated_list", "net", "invoiced"] %}
        {%- set named = {"net": "line.net_price_amount", "invoiced": "coalesce(invoiced.amount, 0)"} %}
        {%- set source = named.get(name, "line." ~ name ~ "_amount") %}
        sum({{ source }}) as {{ name }}_amount,
        sum({{ reporting_amount(source, "line.currency", "line") }}) as {{ name }}_reporting_amount,
        {%- endfor %}
        count(*) as line_count,
        count(*) - count(line.rate_id) as unconverted_line_count
    from {{ ref("int_quote_line_attributed") }} as line
    left join invoiced
        on line.quote_id = invoiced.quote_id and line.quote_line_id = invoiced.quote_line_id and line.currency = invoiced.currency
    where line.basis = 'ACCEPTED'
    group by line.{{ segment | join(", line.") }}
),

moved as (
    select
        level.segment_number,
        3 + taxonomy.waterfall_position as step_number,
        taxonomy.code as step,
        case when count(discount.basis) = count(discount.adjustment_amount) then coalesce(sum(discount.adjustment_amount), 0) end as amount,
        coalesce(sum(discount.reporting_adjustment_amount), min(level.net_reporting_amount * 0)) as reporting_amount
    from level
    inner join {{ ref("discount_type") }} as taxonomy on taxonomy.code <> 'TAX_DISPLAY'
    left join {{ ref("mart_discount_monthly") }} as discount
        on
            taxonomy.code = discount.discount_type
            and discount.basis = 'ACCEPTED'
            {%- for column in segment %}
            and level.{{ column }} = discount.{{ column }}
            {%- endfor %}
    group by level.segment_number, taxonomy.code, taxonomy.waterfall_position
),

step as (
    select moved.*
    from moved
    {% for number, step, to, start in steps -%}
    union all
    select
        level.segment_number,
        {{ number }} as step_number,
        '{{ step }}' as step,
        level.{{ to }}_amount{{ " - level." ~ start ~ "_amount" if start }} as amount,
        level.{{ to }}_reporting_amount{{ " - level." ~ start ~ "_reporting_amount" if start }} as reporting_amount
    from level
    {% endfor -%}
    union all
    select
        level.segment_number,
        14 as step_number,
        'RESIDUAL' as step,
        min(level.net_amount - level.prorated_list_amount) - sum(moved.amount) as amount,
        min(level.net_reporting_amount - level.prorated_list_reporting_amount) - sum(moved.reporting_amount) as reporting_amount
    from level
    inner join moved on level.segment_number = moved.segment_number
    group by level.segment_number
)

select
    level.{{ segment | join(",\n    level.") }},
    step.step_number,
    step.step,
    case when step.step in ('LIST', 'PRORATED_LIST', 'NET', 'INVOICED') then 'LEVEL' else 'MOVE' end as step_kind,
    level.line_count,
    {{ money("step.amount") }} as amount,
    {{ money("sum(case when step.step not in ('PRORATED_LIST', 'NET', 'INVOICED') then step.amount end) over so_far") }} as running_amount,
    '{{ var("reporting_currency") }}' as reporting_currency,
    {{ money("step.reporting_amount") }} as reporting_amount,
    {{ money("sum(case when step.step not in ('PRORATED_LIST', 'NET', 'INVOICED') then step.reporting_amount end) over so_far") }}
        as reporting_running_amount,
    level.unconverted_line_count,
    {{ as_of() }} as as_of
from step
inner join level on step.segment_number = level.segment_number
window so_far as (partition by step.segment_number order by step.step_number)
