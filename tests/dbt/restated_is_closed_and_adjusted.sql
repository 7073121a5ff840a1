-- What is restated is what was closed and every adjustment of it, to the last digit: lines per entity, period, kind of line and currency,
-- KPIs per row and number.
{% set numbers = ["numerator", "denominator", "value"] %}
with told as (
    select
        closed.entity,
        closed.period,
        closed.line_type as part,
        closed.currency,
        closed.amount
    from {{ ref("closed_line") }} as closed
    union all
    select
        adjustment.entity,
        adjustment.original_period as period,
        adjustment.line_type as part,
        adjustment.currency,
        adjustment.delta_amount as amount
    from {{ ref("fact_period_adjustment") }} as adjustment
    union all
    select
        restated.entity,
        restated.period,
        restated.line_type as part,
        restated.currency,
        -restated.amount as amount
    from {{ ref("restated_line") }} as restated
    {%- for number in numbers %}
    union all
    select
        closed.entity,
        closed.period,
        {{ key_text(["closed.kpi_month_id", "'" ~ number ~ "'"]) }} as part,
        closed.currency,
        coalesce(closed.{{ number }}, 0) as amount
    from {{ ref("closed_kpi_monthly") }} as closed
    union all
    select
        restatement.entity,
        restatement.period,
        {{ key_text(["restatement.kpi_month_id", "'" ~ number ~ "'"]) }} as part,
        restatement.currency,
        restatement.delta_{{ number }} as amount
    from {{ ref("fact_kpi_restatement") }} as restatement
    union all
    select
        restated.entity,
        restated.period,
        {{ key_text(["restated.kpi_month_id", "'" ~ number ~ "'"]) }} as part,
        restated.currency,
        -coalesce(restated.{{ number }}, 0) as amount
    from {{ ref("restated_kpi_monthly") }} as restated
    {%- endfor %}
)

select
    told.entity,
    told.period,
    told.part,
    told.currency,
    sum(told.amount) as difference
from told
group by told.entity, told.period, told.part, told.currency
having sum(told.amount) <> 0
