-- The quotes that someone may still have to act on: the latest revision where it is open, or was accepted and has no order yet.
with ordered as (
    select distinct orders.quote_id
    from {{ ref("int_order_state") }} as orders
    where orders.quote_id is not null
)

select
    revision.quote_id,
    revision.quote_revision,
    revision.quote_number,
    revision.account_id,
    revision.opportunity_id,
    revision.sales_rep_id,
    revision.sales_team,
    revision.region,
    revision.channel,
    revision.revision_status,
    revision.is_open,
    revision.status_since,
    revision.last_priced_at,
    revision.approved_at,
    revision.accepted_at,
    revision.has_gap,
    revision.has_open_conflict,
    revision.arrival_seq,
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
