-- All legs below each other, in one shape; what a leg does not know takes the default of leg_defaults. The flags of quote, order and
-- asset join those of the documents.
{% set item = ["quote_id", "quote_line_id", "order_id", "order_item_id", "currency", "leg_class"] %}
{% set amounts = ["left_net_amount", "right_net_amount", "over_net_amount", "under_net_amount"] %}
{% set sides = amounts + ["clears_by_date", "left_event_ids", "right_event_ids"] %}
{% set period = ["billing_period", "billing_period_end_month"] %}
{% set flags = ["has_gap", "has_stale_event", "has_open_conflict"] %}
with leg as (
    {{ leg_rows("quote_order", "int_chain_quote_order", item + sides + ["quote_revision"], {"clears_by_date": "cast(null as date)"}) }}
    union all
    {{ leg_rows("quote_order", "int_chain_quote_order_one_sided", item + sides + ["quote_revision"]) }}
    union all
    {{ leg_rows("order_billing", "int_chain_order_billing", item + sides + period + flags + ["is_due", "credited_net_amount"]) }}
    union all
    {{ leg_rows(
        "order_billing", "int_chain_order_billing_pending", item + period + ["left_net_amount", "clears_by_date", "left_event_ids"],
        {"under_net_amount": "part.left_net_amount"},
    ) }}
    union all
    {{ leg_rows(
        "order_billing", "int_chain_document_unmatched",
        item + period + flags + ["document_id", "right_net_amount", "credited_net_amount", "over_net_amount", "right_event_ids"],
    ) }}
    union all
    {{ leg_rows("order_asset", "int_chain_order_asset", item + sides + flags + ["asset_id", "rounded_amount_count"]) }}
    union all
    {{ leg_rows("asset_billing", "int_chain_asset_billing", item + sides + flags + ["asset_id"]) }}
)

select
    {% for column in leg_defaults() if column not in flags -%}
    leg.{{ column }},
    {% endfor -%}
    {% for flag in flags -%}
    leg.{{ flag }} or coalesce(quote.{{ flag }}, false)
    or coalesce(placed.{{ flag }}, false) or coalesce(asset.{{ flag }}, false) as {{ flag }},
    {% endfor -%}
    leg.leg
from leg
left join {{ ref("int_aggregate_integrity") }} as quote on leg.quote_id = quote.aggregate_id and quote.aggregate_type = 'Quote'
left join {{ ref("int_aggregate_integrity") }} as placed on leg.order_id = placed.aggregate_id and placed.aggregate_type = 'Order'
left join {{ ref("int_aggregate_integrity") }} as asset on leg.asset_id = asset.aggregate_id and asset.aggregate_type = 'Asset'
