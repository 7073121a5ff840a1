-- Every event that a measure of ControlTotalsPublished counts: one row per event, with the amount that the measure adds up (NULL where it
-- has none). Straight from staging, so that a mistake in a mart does not cancel out. Events that do not count are in it too.
{% set counted = {
    "quotes_created": ["stg_cpq__quote_created", ["quote_id"], "happened.currency", none],
    "quotes_accepted": ["stg_cpq__quote_accepted", ["quote_id", "quote_revision"], "accepted_net.currency", "accepted_net.net_amount"],
    "orders_submitted": ["stg_oms__order_submitted", ["order_id"], "happened.currency", list_total("happened.items", "netAmount")],
    "fulfillment_tasks_completed": ["stg_oms__task_completed", ["task_id"], "cast(null as string)", none],
    "invoices_issued": ["stg_billing__invoice_issued", ["invoice_id"], "happened.currency", "happened.total_net_amount"],
    "credit_notes_issued": ["stg_billing__credit_note_issued", ["credit_note_id"], "happened.currency", "happened.total_net_amount"],
    "assets_created": ["stg_inventory__asset_created", ["asset_id"], "happened.currency", none],
} %}
with accepted_net as (
    select
        pricing.quote_id,
        pricing.quote_revision,
        pricing.currency,
        {{ list_total("pricing.lines", "netAmount") }} as net_amount
    from {{ in_force("stg_cpq__quote_priced", ["quote_id", "quote_revision"]) }} as pricing
    where pricing.is_in_force
)

{% for measure, (model, per, currency, amount) in counted.items() -%}
select
    '{{ measure }}' as measure,
    happened.source_system,
    happened.event_time,
    {{ currency }} as currency,
    {{ "coalesce(" ~ amount ~ ", 0)" if amount else "cast(null as decimal(38, 4))" }} as amount,
    happened.is_in_force as is_counted
from {{ in_force(model, per) }} as happened
{% if measure == "quotes_accepted" -%}
left join accepted_net on happened.quote_id = accepted_net.quote_id and happened.quote_revision = accepted_net.quote_revision
{% endif -%}
{{ "union all" if not loop.last }}
{% endfor -%}
