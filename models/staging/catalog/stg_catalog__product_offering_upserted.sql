with parsed as (
    select
        {{ event_columns("lake_event") }},
        {{ parse_payload("lake_event.payload", "ProductOfferingUpserted") }} as data
    from {{ lake_events("reference", "ProductOfferingUpserted") }}
)

select
    {{ event_columns("parsed") }},
    parsed.aggregate_id as product_offering_id,
    parsed.data.name as product_offering_name,
    parsed.data.family as product_family,
    parsed.data.catalogVersion as catalog_version,
    parsed.data.isActive as is_active
from parsed
