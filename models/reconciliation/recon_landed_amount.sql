-- The principal amounts that landing added up when it accepted events, against what staging reads of the same events.
{% set principal = {
    "QuotePriced": {"staged": "stg_cpq__quote_priced", "lines": ["lines", "netAmount"]},
    "OrderSubmitted": {"staged": "stg_oms__order_submitted", "lines": ["items", "netAmount"]},
    "InvoiceIssued": {"staged": "stg_billing__invoice_issued", "column": "total_net_amount", "field": "totalNetAmount"},
    "CreditNoteIssued": {"staged": "stg_billing__credit_note_issued", "column": "total_net_amount", "field": "totalNetAmount"},
    "BillingActivated": {"staged": "stg_billing__billing_activated", "column": "recurring_net_amount", "field": "recurringNetAmount"},
    "AssetCreated": {"staged": "stg_inventory__asset_created", "column": "recurring_net_amount", "field": "recurringNetAmount"},
    "PriceBookEntryUpserted": {"staged": "stg_catalog__price_book_entry_upserted", "column": "list_unit_price", "field": "listUnitPrice"},
} %}
with lake_side as (
    select
        landed.event_type,
        landed.currency,
        {{ exact_sum("landed.amount") }} as amount
    from {{ landed_control_sums() }} as landed
    group by landed.event_type, landed.currency
),

-- Staging leaves out what a resolved conflict replaced; the manifest of the batch that brought it does not.
replaced as (
    select
        lake_event.event_type,
        lake_event.payload
    from {{ lake_envelopes() }}
    inner join {{ ref("stg_lake__superseded_event") }} as superseded on lake_event.arrival_seq = superseded.arrival_seq
),

staged as (
    {% for event_type, amount in principal.items() -%}
    select
        '{{ event_type }}' as event_type,
        event.currency,
        {{ list_total("event." ~ amount.lines[0], amount.lines[1]) if amount.lines else "event." ~ amount.column }} as amount
    from {{ ref(amount.staged) }} as event
    union all
    select
        parsed.event_type,
        parsed.data.currency,
        {{ list_total("parsed.data." ~ amount.lines[0], amount.lines[1]) if amount.lines else "parsed.data." ~ amount.field }}
    from (
        select
            replaced.event_type,
            {{ parse_payload("replaced.payload", event_type) }} as data
        from replaced
        where replaced.event_type = '{{ event_type }}'
    ) as parsed
    {{ "union all" if not loop.last }}
    {% endfor -%}
),

mart_side as (
    select
        staged.event_type,
        staged.currency,
        {{ exact_sum("staged.amount") }} as amount
    from staged
    group by staged.event_type, staged.currency
)

{{ pair_sides("landed_amount", "landed", ["event_type", "currency"], ["amount"]) }}
