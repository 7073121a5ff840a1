-- The quotes that someone may still have to act on: the latest revision where it is open, or was accepted and has no order yet.
with ordered as (
    select distinct orders.quote_id
    from {{ ref("int_order_state") }} as orders
    where orders.quote_id is not null
)

select
    revision.*,
    revision.revision_status = 'ACCEPTED' as is_accepted,
    case when revision.is_open then revision.status_since else revision.accepted_at end as waiting_since
from {{ ref("fact_quote_lifecycle") }} as revision
left join ordered on revision.quote_id = ordered.quote_id
where
    revision.is_latest_revision
    and (
        revision.is_open
        or (revision.revision_status = 'ACCEPTED' and revision.converted_at is null and ordered.quote_id is null)
    )
