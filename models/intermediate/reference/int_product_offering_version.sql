-- The history of each product offering: every applied event with the interval in which it holds.
select
    upserted.product_offering_id,
    upserted.aggregate_version as product_offering_version,
    upserted.valid_from,
    upserted.valid_to,
    upserted.valid_to is null as is_current,
    upserted.product_offering_name,
    upserted.product_family,
    upserted.catalog_version,
    upserted.is_active,
    upserted.event_id as source_event_id,
    upserted.arrival_seq
from {{ versioned("stg_catalog__product_offering_upserted", "product_offering_id") }} as upserted
