-- As it would be today: the rates that were published in a closed period, and those of earlier days that its amounts are converted by now.
with used as (
    select
        today.entity,
        today.period,
        today.rate_id
    from {{ ref("int_restated_rate") }} as today
)

select
    closed.entity,
    closed.period,
    {{ exchange_rate_columns("rate") }}
from {{ ref("int_closed_period") }} as closed
cross join {{ ref("dim_exchange_rate") }} as rate
left join used
    on closed.entity = used.entity and closed.period = used.period and rate.exchange_rate_id = used.rate_id
where
    used.rate_id is not null
    or (closed.period_start <= cast(rate.published_date as timestamp) and closed.period_end > cast(rate.published_date as timestamp))
