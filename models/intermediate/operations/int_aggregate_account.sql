-- Which account each aggregate belongs to, and the quote, order and asset that it is about: how an event finds its customer.
{% set sources = {
    "Account": ("int_account_current", "account_id", "held.account_id", none, none, none),
    "Quote": ("int_quote_header", "quote_id", "held.account_id", "held.quote_id", none, none),
    "Asset": ("int_asset_state", "asset_id", "held.account_id", none, "held.order_id", "held.asset_id"),
    "Subscription": ("int_subscription_state", "subscription_id", "held.account_id", none, "held.order_id", "held.asset_id"),
    "Invoice": ("int_invoice_header", "invoice_id", "held.account_id", none, none, none),
    "CreditNote": ("int_credit_note_header", "credit_note_id", "held.account_id", none, none, none),
    "SupportCase": ("int_support_case_state", "support_case_id", "held.account_id", none, "held.order_id", "held.asset_id"),
} %}
{% for aggregate_type, (relation, key, account, quote, order, asset) in sources.items() -%}
select
    '{{ aggregate_type }}' as aggregate_type,
    held.{{ key }} as aggregate_id,
    {{ account }} as account_id,
    {{ quote or "cast(null as string)" }} as quote_id,
    {{ order or "cast(null as string)" }} as order_id,
    {{ asset or "cast(null as string)" }} as asset_id
from {{ ref(relation) }} as held
union all
{% endfor -%}
select
    'ApprovalRequest' as aggregate_type,
    held.approval_request_id as aggregate_id,
    quote.account_id,
    held.quote_id,
    cast(null as string) as order_id,
    cast(null as string) as asset_id
from {{ ref("int_approval_request_state") }} as held
left join {{ ref("int_quote_header") }} as quote on held.quote_id = quote.quote_id
union all
-- An order that was only tried belongs to the customer of its quote.
select
    'Order' as aggregate_type,
    held.order_id as aggregate_id,
    coalesce(placed.account_id, quote.account_id) as account_id,
    coalesce(placed.quote_id, tried.quote_id) as quote_id,
    held.order_id,
    cast(null as string) as asset_id
from {{ ref("int_order_milestone") }} as held
left join {{ ref("int_order_state") }} as placed on held.order_id = placed.order_id
left join (
    select
        attempt.order_id,
        max(attempt.quote_id) as quote_id
    from {{ ref("fact_order_submission_attempt") }} as attempt
    group by attempt.order_id
) as tried on held.order_id = tried.order_id
left join {{ ref("int_quote_header") }} as quote on coalesce(placed.quote_id, tried.quote_id) = quote.quote_id
{% for aggregate_type, (relation, key) in {
    "FulfillmentTask": ("int_fulfillment_task_state", "task_id"), "FalloutCase": ("int_fallout_case_state", "fallout_case_id"),
}.items() -%}
union all
select
    '{{ aggregate_type }}' as aggregate_type,
    held.{{ key }} as aggregate_id,
    orders.account_id,
    orders.quote_id,
    held.order_id,
    cast(null as string) as asset_id
from {{ ref(relation) }} as held
left join {{ ref("int_order_state") }} as orders on held.order_id = orders.order_id
{% endfor -%}
