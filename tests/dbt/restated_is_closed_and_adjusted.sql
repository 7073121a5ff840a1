-- What is restated is what was closed and every adjustment of it, to the last digit, per entity, period, kind of line and currency.
with told as (
    select
        closed.entity,
        closed.period,
        closed.line_type,
        closed.currency,
        closed.amount
    from {{ ref("closed_line") }} as closed
    union all
    select
        adjustment.entity,
        adjustment.original_period as period,
        adjustment.line_type,
        adjustment.currency,
        adjustment.delta_amount as amount
    from {{ ref("fact_period_adjustment") }} as adjustment
    union all
    select
        restated.entity,
        restated.period,
        restated.line_type,
        restated.currency,
        -restated.amount as amount
    from {{ ref("restated_line") }} as restated
)

select
    told.entity,
    told.period,
    told.line_type,
    told.currency,
    sum(told.amount) as difference
from told
group by told.entity, told.period, told.line_type, told.currency
having sum(told.amount) <> 0
