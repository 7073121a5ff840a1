select
    discount_type.code as discount_type,
    discount_type.label,
    discount_type.meaning,
    discount_type.sign,
    discount_type.is_economic_discount,
    discount_type.is_controllable,
    discount_type.counts_to_leakage,
    discount_type.counts_to_leakage_if_listed,
    discount_type.discount_class,
    discount_type.waterfall_position,
    discount_type.semantic_version
from {{ ref("discount_type") }} as discount_type
