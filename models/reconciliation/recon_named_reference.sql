-- Accounts, offerings, billing accounts and prices that events name, each once, in the month in which it was first named.
{% set named = [
    ["Account", "int_quote_header", "source.account_id", "source.created_at"],
    ["Account", "int_order_state", "source.account_id", "source.submitted_at"],
    ["Account", "int_invoice_header", "source.account_id", "source.issued_at"],
    ["Account", "int_credit_note_header", "source.account_id", "source.issued_at"],
    ["Account", "int_asset_state", "source.account_id", "source.start_date"],
    ["BillingAccount", "int_order_state", "source.billing_account_id", "source.submitted_at"],
    ["BillingAccount", "int_invoice_header", "source.billing_account_id", "source.issued_at"],
    ["BillingAccount", "int_subscription_state", "source.billing_account_id", "source.activated_at"],
    ["ProductOffering", "int_asset_state", "source.product_offering_id", "source.start_date"],
] %}
with priced as (
    select
        pricing.price_book_version,
        pricing.currency,
        line.productOfferingId as product_offering_id,
        line.chargeType as charge_type,
        min(pricing.event_time) as named_at
    from {{ ref("stg_cpq__quote_priced") }} as pricing
    {{ explode("pricing.lines", "line") }}
    group by pricing.price_book_version, pricing.currency, line.productOfferingId, line.chargeType
),

named as (
    {% for name, model, id, moment in named -%}
    select
        '{{ name }}' as aggregate_name,
        {{ id }} as reference_id,
        min(cast({{ moment }} as timestamp)) as named_at
    from {{ ref(model) }} as source
    where {{ id }} is not null
    group by {{ id }}
    union all
    {% endfor -%}
    select
        'ProductOffering' as aggregate_name,
        item.product_offering_id as reference_id,
        min(order_state.submitted_at) as named_at
    from {{ ref("int_order_item_state") }} as item
    inner join {{ ref("int_order_state") }} as order_state on item.order_id = order_state.order_id
    group by item.product_offering_id
    union all
    select
        'ProductOffering' as aggregate_name,
        priced.product_offering_id as reference_id,
        priced.named_at
    from priced
    union all
    select
        'PriceBookEntry' as aggregate_name,
        concat_ws(
            '', priced.price_book_version, ':', priced.product_offering_id, ':', priced.currency, ':', priced.charge_type
        ) as reference_id,
        priced.named_at
    from priced
)

select
    named.aggregate_name,
    named.reference_id,
    {{ month_text("min(named.named_at)") }} as month
from named
group by named.aggregate_name, named.reference_id
