-- Staging that keeps rows (its payload is parsed once, when its batch arrives), against the lake: every event once, none left behind.
{% set kept = {
    "QuotePriced": "stg_cpq__quote_priced",
    "OrderSubmitted": "stg_oms__order_submitted",
    "InvoiceIssued": "stg_billing__invoice_issued",
    "CreditNoteIssued": "stg_billing__credit_note_issued",
} %}
with lake_side as (
    select
        lake_event.event_type,
        {{ month_text("lake_event.event_time") }} as month,
        count(*) as count,
        cast(sum(lake_event.arrival_seq) as decimal(38, 0)) as arrival_sum
    from {{ lake_envelopes() }}
    left join {{ ref("recon_event_set_aside") }} as set_aside
        on lake_event.arrival_seq = set_aside.arrival_seq and set_aside.reason = 'superseded'
    where
        set_aside.arrival_seq is null
        and lake_event.event_type in ('{{ kept | join("', '") }}')
    group by lake_event.event_type, {{ month_text("lake_event.event_time") }}
),

staged as (
    {% for event_type, model in kept.items() -%}
    select
        '{{ event_type }}' as event_type,
        kept_event.event_time,
        kept_event.arrival_seq
    from {{ ref(model) }} as kept_event
    {{ "union all" if not loop.last }}
    {% endfor -%}
),

mart_side as (
    select
        staged.event_type,
        {{ month_text("staged.event_time") }} as month,
        count(*) as count,
        cast(sum(staged.arrival_seq) as decimal(38, 0)) as arrival_sum
    from staged
    group by staged.event_type, {{ month_text("staged.event_time") }}
)

{{ pair_sides(
    "staged_event", "staged", ["event_type", "month"], ["count", "arrival_sum"],
) }}
