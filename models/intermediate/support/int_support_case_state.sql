-- The support case as its last applied event says.
with happened as (
    select
        opened.*,
        'open' as case_state
    from {{ applied_events("stg_crm__support_case_opened") }} as opened
    union all
    select
        closed.*,
        'closed' as case_state
    from {{ applied_events("stg_crm__support_case_closed") }} as closed
),

folded as (
    select
        happened.support_case_id,
        min_by(happened.event_time, case when happened.case_state = 'open' then happened.aggregate_version end) as opened_at,
        max(happened.aggregate_version) as last_version
    from happened
    group by happened.support_case_id
)

select
    happened.support_case_id,
    happened.account_id,
    happened.order_id,
    happened.asset_id,
    happened.title,
    happened.severity,
    happened.case_state,
    folded.opened_at,
    case when happened.case_state = 'closed' then happened.event_time end as closed_at
from happened
inner join folded on happened.support_case_id = folded.support_case_id and happened.aggregate_version = folded.last_version
