-- Accounts, offerings, billing accounts and prices that events name, against those that landed: each counted once, in the month in which it
-- was first named. A kind of reference data of which nothing ever landed is unproven.
{% set landed = {
    "Account": ["int_account_current", "landed.account_id"],
    "ProductOffering": ["int_product_offering_current", "landed.product_offering_id"],
    "BillingAccount": ["stg_billing__billing_account_upserted", "landed.billing_account_id"],
    "PriceBookEntry": [
        "stg_catalog__price_book_entry_upserted",
        "concat_ws('', landed.price_book_version, ':', landed.product_offering_id, ':', landed.currency, ':', landed.charge_type)",
    ],
} %}
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
),

landed as (
    {% for name, (model, id) in landed.items() -%}
    select distinct
        '{{ name }}' as aggregate_name,
        {{ id }} as reference_id
    from {{ ref(model) }} as landed
    {{ "union all" if not loop.last }}
    {% endfor -%}
),

known as (
    select distinct landed.aggregate_name
    from landed
),

first_named as (
    select
        named.aggregate_name,
        named.reference_id,
        {{ month_text("min(named.named_at)") }} as month
    from named
    group by named.aggregate_name, named.reference_id
)

select
    'reference' as check_key,
    concat_ws('', first_named.aggregate_name, '/', coalesce(first_named.month, 'none')) as partition,
    'source' as kind,
    'critical' as severity,
    bool_and(known.aggregate_name is not null) as is_proven,
    count(*) as left_count,
    count(landed.reference_id) as right_count,
    case
        when bool_and(known.aggregate_name is null)
            then concat_ws('', 'nothing of this kind ever landed: ', min(first_named.aggregate_name))
        else min(case when landed.reference_id is null then concat_ws('', first_named.reference_id, ' never landed') end)
    end as example
from first_named
left join landed on first_named.aggregate_name = landed.aggregate_name and first_named.reference_id = landed.reference_id
left join known on first_named.aggregate_name = known.aggregate_name
group by first_named.aggregate_name, coalesce(first_named.month, 'none')
