-- The orders that someone may ask about: open ones, and those that ended within the days of var tracking_days.
select lifecycle.*
from {{ ref("fact_order_lifecycle") }} as lifecycle
where
    lifecycle.is_open
    or {{ seconds_between("lifecycle.status_since", as_of()) }} <= {{ var("tracking_days") * 86400 }}
