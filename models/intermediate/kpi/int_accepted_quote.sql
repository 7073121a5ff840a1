-- Each accepted quote once, by the highest revision that was accepted, with the first order that came of that revision and of another one.
-- An order is seen by a conversion attempt that succeeded or by the order itself, whichever has arrived.
with accepted as (
    select
        lifecycle.*,
        row_number() over (partition by lifecycle.quote_id order by lifecycle.quote_revision desc) as recency
    from {{ ref("fact_quote_lifecycle") }} as lifecycle
    where lifecycle.accepted_at is not null
),

ordered as (
    select
        attempt.quote_id,
        attempt.quote_revision,
        attempt.concluded_at as ordered_at
    from {{ ref("fact_quote_conversion_attempt") }} as attempt
    where attempt.outcome = 'SUCCEEDED'
    union all
    select
        orders.quote_id,
        orders.quote_revision,
        orders.submitted_at as ordered_at
    from {{ ref("int_order_state") }} as orders
    where orders.quote_id is not null
),

matched as (
    select
        accepted.quote_id,
        min(
            case
                when ordered.quote_revision = accepted.quote_revision and ordered.ordered_at >= accepted.accepted_at then ordered.ordered_at
            end
        ) as ordered_at,
        count(case when ordered.quote_revision <> accepted.quote_revision then 1 end) as wrong_revision_count,
        count(ordered.quote_id) as order_count
    from accepted
    left join ordered on accepted.quote_id = ordered.quote_id
    where accepted.recency = 1
    group by accepted.quote_id
)

select
    accepted.quote_id,
    accepted.quote_revision,
    accepted.account_id,
    accepted.accepted_at,
    matched.ordered_at,
    matched.order_count > 0 as has_order,
    matched.wrong_revision_count > 0 as has_wrong_revision_order,
    coalesce({{ seconds_between("accepted.accepted_at", "matched.ordered_at") }} <= {{ kpi_window_seconds(7) }}, false) as is_converted
from accepted
inner join matched on accepted.quote_id = matched.quote_id
where accepted.recency = 1
