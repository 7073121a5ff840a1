select
    booked.entity,
    booked.original_period,
    booked.booked_period,
    booked.line_type,
    booked.line_key,
    booked.currency,
    booked.original_amount,
    booked.new_amount,
    booked.delta_amount,
    booked.causing_event_id,
    booked.arrival_seq,
    booked.reason
from {{ ref("stg_close__adjustment") }} as booked
