-- Invoices and credit notes: the totals that their header states, against their lines.
{% set headers = {
    "invoice_header": ["stg_billing__invoice_issued", "invoice_id", "invoice"],
    "credit_note_header": ["stg_billing__credit_note_issued", "credit_note_id", "credit_note"],
} %}
with stated as (
    {% for check_key, (model, id, part) in headers.items() -%}
    select
        '{{ check_key }}' as check_key,
        '{{ part }}' as part,
        issued.{{ id }} as header_id,
        issued.currency,
        {{ month_text("issued.event_time") }} as month,
        issued.total_net_amount,
        issued.total_tax_amount,
        coalesce({{ list_total("issued.lines", "netAmount") }}, 0) as line_net_amount,
        coalesce({{ list_total("issued.lines", "taxAmount") }}, 0) as line_tax_amount
    from {{ ref(model) }} as issued
    {{ "union all" if not loop.last }}
    {% endfor -%}
),

judged as (
    select
        stated.*,
        stated.total_net_amount = stated.line_net_amount and stated.total_tax_amount = stated.line_tax_amount as is_identical
    from stated
)

select
    judged.check_key,
    concat_ws('', judged.part, '/', judged.month, '/', judged.currency) as partition,
    'source' as kind,
    'critical' as severity,
    count(*) as left_count,
    count(*) filter (where judged.is_identical) as right_count,
    {{ exact_sum("judged.total_net_amount") }} as left_net_amount,
    {{ exact_sum("judged.line_net_amount") }} as right_net_amount,
    {{ exact_sum("judged.total_tax_amount") }} as left_tax_amount,
    {{ exact_sum("judged.line_tax_amount") }} as right_tax_amount,
    min(case when not judged.is_identical then judged.header_id end) as example
from judged
group by judged.check_key, judged.part, judged.month, judged.currency
