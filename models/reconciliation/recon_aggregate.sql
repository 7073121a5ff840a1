-- Every aggregate of which the lake holds an event that makes it, against the model that keeps its state: counted, with a checksum of the
-- ids, by the month of its first such event. An aggregate that only the model knows is under none.
{% set kept = {
    "Quote": ["int_quote_header", "quote_id", ["QuoteCreated"]],
    "Order": ["int_order_state", "order_id", ["OrderSubmitted", "OrderStateChanged"]],
    "FalloutCase": [
        "int_fallout_case_state", "fallout_case_id",
        ["FalloutOpened", "FalloutAssigned", "FalloutRecovered", "FalloutReopened"],
    ],
    "Invoice": ["int_invoice_header", "invoice_id", ["InvoiceIssued"]],
    "CreditNote": ["int_credit_note_header", "credit_note_id", ["CreditNoteIssued"]],
    "Subscription": ["int_subscription_state", "subscription_id", ["BillingActivated", "BillingHandoffFailed"]],
    "Asset": ["int_asset_state", "asset_id", ["AssetCreated", "AssetChanged", "AssetTerminated"]],
    "Account": ["dim_account", "account_id", ["AccountUpserted"]],
    "ProductOffering": ["dim_product_offering", "product_offering_id", ["ProductOfferingUpserted"]],
} %}
with applied as (
    select
        case
            {%- for name, (_, _, event_types) in kept.items() %}
            {%- for event_type in event_types %}
            when lake_event.event_type = '{{ event_type }}' then '{{ name }}'
            {%- endfor %}
            {%- endfor %}
        end as aggregate_name,
        lake_event.aggregate_id,
        lake_event.event_time
    from {{ lake_envelopes() }}
    left join {{ ref("recon_event_set_aside") }} as set_aside on lake_event.arrival_seq = set_aside.arrival_seq
    where set_aside.arrival_seq is null
),

lake_aggregate as (
    select
        applied.aggregate_name,
        applied.aggregate_id,
        {{ month_text("min(applied.event_time)") }} as month
    from applied
    where applied.aggregate_name is not null
    group by applied.aggregate_name, applied.aggregate_id
),

model_id as (
    {% for name, (model, id, _) in kept.items() -%}
    select
        '{{ name }}' as aggregate_name,
        state.{{ id }} as aggregate_id
    from {{ ref(model) }} as state
    {{ "union all" if not loop.last }}
    {% endfor -%}
),

model_aggregate as (
    select
        model_id.aggregate_name,
        model_id.aggregate_id,
        coalesce(lake_aggregate.month, 'none') as month
    from model_id
    left join lake_aggregate
        on model_id.aggregate_name = lake_aggregate.aggregate_name and model_id.aggregate_id = lake_aggregate.aggregate_id
),

{% for side, rows in [("lake", "lake_aggregate"), ("mart", "model_aggregate")] -%}
{{ side }}_side as (
    select
        aggregate.aggregate_name,
        aggregate.month,
        count(*) as count,
        {{ content_checksum({"aggregate_id": "varchar"}) }} as checksum
    from {{ rows }} as aggregate
    group by aggregate.aggregate_name, aggregate.month
){{ "," if not loop.last }}

{% endfor -%}
{{ pair_sides("aggregate", "aggregate", ["aggregate_name", "month"], ["count", "checksum"]) }}
