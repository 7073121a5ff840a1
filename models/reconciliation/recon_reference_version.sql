-- Histories of reference data against the events that the lake holds of them: counted, with a checksum, by month.
{% set kept = {
    "AccountUpserted": ["stg_crm__account_upserted", "dim_account_version", "account_id", "account_version"],
    "ProductOfferingUpserted": [
        "stg_catalog__product_offering_upserted", "dim_product_offering_version", "product_offering_id", "product_offering_version",
    ],
} %}
with lake_version as (
    {%- for event_type, (staging, _, _, _) in kept.items() %}
    select
        '{{ event_type }}' as event_type,
        upserted.aggregate_id,
        upserted.aggregate_version,
        upserted.event_id,
        upserted.event_time,
        set_aside.arrival_seq is null as is_applied
    from {{ ref(staging) }} as upserted
    left join {{ ref("recon_event_set_aside") }} as set_aside on upserted.arrival_seq = set_aside.arrival_seq
    union all
    {%- endfor %}
    -- A price of an entry is the last statement about its day.
    select
        'PriceBookEntryUpserted' as event_type,
        priced.aggregate_id,
        cast(0 as bigint) as aggregate_version,
        priced.event_id,
        priced.event_time,
        priced.is_in_force as is_applied
    from {{ in_force("stg_catalog__price_book_entry_upserted", ["aggregate_id", "valid_from"]) }} as priced
),

mart_version as (
    {%- for event_type, (_, dimension, id, version) in kept.items() %}
    select
        '{{ event_type }}' as event_type,
        held.{{ id }} as aggregate_id,
        held.{{ version }} as aggregate_version,
        held.source_event_id as event_id
    from {{ ref(dimension) }} as held
    union all
    {%- endfor %}
    select
        'PriceBookEntryUpserted' as event_type,
        held.price_book_entry_id as aggregate_id,
        cast(0 as bigint) as aggregate_version,
        held.source_event_id as event_id
    from {{ ref("dim_price_book_entry") }} as held
),

lake_side as (
    select
        version.event_type,
        {{ month_text("version.event_time") }} as month,
        sum(case when version.is_applied then 1 else 0 end) as count,
        {{ content_checksum(
            {"aggregate_id": "varchar", "aggregate_version": "bigint", "event_id": "varchar"}, "version.is_applied"
        ) }} as checksum
    from lake_version as version
    group by version.event_type, {{ month_text("version.event_time") }}
),

dated_mart_version as (
    select
        mart_version.*,
        coalesce({{ month_text("lake_version.event_time") }}, 'none') as month
    from mart_version
    left join lake_version
        on
            mart_version.event_type = lake_version.event_type
            and mart_version.aggregate_id = lake_version.aggregate_id
            and mart_version.event_id = lake_version.event_id
),

mart_side as (
    select
        version.event_type,
        version.month,
        count(*) as count,
        {{ content_checksum({"aggregate_id": "varchar", "aggregate_version": "bigint", "event_id": "varchar"}) }} as checksum
    from dated_mart_version as version
    group by version.event_type, version.month
)

{{ pair_sides("reference_version", "version", ["event_type", "month"], ["count", "checksum"]) }}
