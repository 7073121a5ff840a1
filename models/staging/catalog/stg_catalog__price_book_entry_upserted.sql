with parsed as (
    select
        {{ event_columns("lake_event") }},
        {{ parse_payload("lake_event.payload", "PriceBookEntryUpserted") }} as data
    from {{ lake_events("reference", "PriceBookEntryUpserted") }}
)

select
    {{ event_columns("parsed") }},
    parsed.aggregate_id as price_book_entry_id,
    parsed.data.priceBookVersion as price_book_version,
    parsed.data.productOfferingId as product_offering_id,
    parsed.data.currency as currency,
    parsed.data.chargeType as charge_type,
    parsed.data.listUnitPrice as list_unit_price,
    parsed.data.floorUnitPrice as floor_unit_price,
    parsed.data.unitCost as unit_cost,
    {{ rfc3339_to_utc("parsed.data.validFrom") }} as valid_from,
    {{ rfc3339_to_utc("parsed.data.validTo") }} as valid_to
from parsed
