-- References that events name against those that landed: each counted once, in the month in which it was first named. A kind of reference
-- data of which nothing ever landed is unproven.
{% set landed = {
    "Account": ["int_account_current", "landed.account_id"],
    "ProductOffering": ["int_product_offering_current", "landed.product_offering_id"],
    "BillingAccount": ["stg_billing__billing_account_upserted", "landed.billing_account_id"],
    "PriceBookEntry": [
        "stg_catalog__price_book_entry_upserted",
        "concat_ws('', landed.price_book_version, ':', landed.product_offering_id, ':', landed.currency, ':', landed.charge_type)",
    ],
} %}
with landed as (
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
from {{ ref("recon_named_reference") }} as first_named
left join landed on first_named.aggregate_name = landed.aggregate_name and first_named.reference_id = landed.reference_id
left join known on first_named.aggregate_name = known.aggregate_name
group by first_named.aggregate_name, coalesce(first_named.month, 'none')
