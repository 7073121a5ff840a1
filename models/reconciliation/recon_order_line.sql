-- fact_order_line against the items that the lake holds of each order as last submitted.
with lake_line as (
    select
        submission.is_in_force,
        {{ month_text("submission.event_time") }} as month,
        submission.currency,
        submission.order_id,
        item.orderItemId as order_item_id,
        item.quoteLineId as quote_line_id,
        item.netAmount as net_amount
    from {{ in_force("stg_oms__order_submitted", ["order_id"]) }} as submission
    {{ explode("submission.items", "item") }}
),

mart_line as (
    select
        true as is_in_force,
        {{ month_text_of_key("mart.submitted_date_key") }} as month,
        mart.currency,
        mart.order_id,
        mart.order_item_id,
        mart.quote_line_id,
        mart.net_amount
    from {{ ref("fact_order_line") }} as mart
),

{{ line_pair_sides(
    "order_line", "order",
    {"order_id": "varchar", "order_item_id": "varchar", "quote_line_id": "varchar", "net_amount": "decimal(18,4)"},
    sums=["net_amount"],
) }}
