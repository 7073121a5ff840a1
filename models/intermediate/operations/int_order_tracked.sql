-- The orders that someone may ask about: open ones, those that nobody knows to have been placed, and those that ended within the days
-- of var tracking_days.
select
    lifecycle.order_id,
    lifecycle.order_number,
    lifecycle.account_id,
    lifecycle.quote_id,
    lifecycle.quote_revision,
    lifecycle.region,
    lifecycle.channel,
    lifecycle.currency,
    lifecycle.order_status,
    lifecycle.is_open,
    not lifecycle.is_open and lifecycle.order_status in ('UNKNOWN', 'ACCEPTED') as is_unconfirmed,
    lifecycle.status_since,
    lifecycle.open_fallout_count,
    lifecycle.first_submitted_at,
    lifecycle.first_acknowledged_at,
    lifecycle.first_checked_at,
    lifecycle.first_started_at,
    lifecycle.first_completed_at,
    lifecycle.promised_completion_at,
    lifecycle.completed_at,
    lifecycle.has_gap,
    lifecycle.has_open_conflict
from {{ ref("fact_order_lifecycle") }} as lifecycle
where
    lifecycle.is_open
    or lifecycle.order_status in ('UNKNOWN', 'ACCEPTED')
    or {{ seconds_between("lifecycle.status_since", as_of()) }} <= {{ var("tracking_days") * 86400 }}
