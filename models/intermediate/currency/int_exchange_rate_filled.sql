{{ config(materialized="table") }}

-- One rate per currency and calendar day: the last published on or before the day, at most seven days back; older than that there is none.
-- Limited to days on which something happened in the lake, give or take the gap.
with span as (
    select
        {{ add_days("cast(min(sequenced.event_time) as date)", "-7") }} as first_day,
        cast(max(sequenced.event_time) as date) as last_day
    from {{ ref("int_event_sequenced") }} as sequenced
),

published as (
    select
        rates.*,
        lead(rates.rate_date) over (partition by rates.currency order by rates.rate_date) as next_rate_date
    from {{ ref("int_exchange_rate_published") }} as rates
    inner join span on rates.rate_date between span.first_day and span.last_day
),

filled as (
    select
        published.*,
        {{ add_days("published.rate_date", "gap.number") }} as filled_date
    from published
    cross join {{ numbers(0, 7) }} as gap
    where
        published.next_rate_date is null
        or {{ add_days("published.rate_date", "gap.number") }} < published.next_rate_date
)

select
    filled.filled_date as rate_date,
    {{ date_key("filled.filled_date") }} as rate_date_key,
    filled.currency,
    filled.reporting_currency,
    filled.from_rate,
    filled.to_rate,
    {{ cross_rate("filled.from_rate", "filled.to_rate") }} as exchange_rate,
    filled.rate_id,
    filled.rate_date as filled_from,
    filled.filled_date <> filled.rate_date as is_filled
from filled
