select
    offering.product_offering_id,
    offering.product_offering_version,
    offering.valid_from,
    offering.valid_to,
    offering.is_current,
    offering.product_offering_name,
    offering.product_family,
    offering.catalog_version,
    coalesce(offering.is_active, true) as is_active,
    offering.source_event_id,
    offering.arrival_seq,
    {{ integrity_flags() }}
from {{ ref("int_product_offering_version") }} as offering
left join {{ ref("int_aggregate_integrity") }} as integrity
    on offering.product_offering_id = integrity.aggregate_id and integrity.aggregate_type = 'ProductOffering'
