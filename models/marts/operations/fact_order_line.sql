{{ config(materialized="incremental", incremental_strategy="touched", unique_key="order_id", touched="Order") }}

with lines as (
    select item.*
    from {{ ref("int_order_item_state") }} as item
    where
        {{ is_touched(
            "item.order_id", "Order",
            or_in=[ids_with_changed_rate("order_id", "submitted_date_key"), ids_with_changed_product_family("order_id")],
        ) }}
)

select
    lines.order_id,
    lines.order_item_id,
    header.order_number,
    header.quote_id,
    header.quote_revision,
    lines.quote_line_id,
    header.account_id,
    header.billing_account_id,
    lines.product_offering_id,
    offering.product_family,
    header.region,
    header.channel,
    header.catalog_version,
    header.price_book_version,
    lines.item_action as action,
    lines.charge_type,
    lines.quantity,
    header.currency,
    lines.net_amount,
    '{{ var("reporting_currency") }}' as reporting_currency,
    {{ reporting_rate_id("header.currency", "rate") }} as reporting_rate_id,
    {{ reporting_rate("header.currency", "rate") }} as reporting_rate,
    {{ reporting_amount("lines.net_amount", "header.currency", "rate") }} as reporting_net_amount,
    header.submitted_at,
    {{ date_key("header.submitted_at") }} as submitted_date_key,
    header.promised_completion_at,
    header.order_state,
    header.order_state_since,
    lines.item_state,
    lines.item_state_since,
    lines.milestone,
    header.source_event_id,
    header.arrival_seq,
    {{ integrity_flags() }}
from lines
inner join {{ ref("int_order_state") }} as header on lines.order_id = header.order_id
left join {{ ref("int_product_offering_current") }} as offering on lines.product_offering_id = offering.product_offering_id
left join {{ ref("int_exchange_rate_filled") }} as rate
    on header.currency = rate.currency and cast(header.submitted_at as date) = rate.rate_date
left join {{ ref("int_aggregate_integrity") }} as integrity
    on lines.order_id = integrity.aggregate_id and integrity.aggregate_type = 'Order'
