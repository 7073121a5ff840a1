select
    chain_class.leg_class,
    chain_class.label,
    chain_class.meaning,
    chain_class.is_break,
    chain_class.sort_order
from {{ ref("chain_class") }} as chain_class
