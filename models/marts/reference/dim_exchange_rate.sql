-- The rates behind every reporting_rate_id.
select distinct
    rate.rate_id as exchange_rate_id,
    rate.filled_from as published_date,
    rate.currency as from_currency,
    rate.reporting_currency as to_currency,
    rate.from_rate as from_rate_per_eur,
    rate.to_rate as to_rate_per_eur,
    rate.exchange_rate
from {{ ref("int_exchange_rate_filled") }} as rate
union all
select
    'PAR:{{ var("reporting_currency") }}' as exchange_rate_id,
    cast(null as date) as published_date,
    '{{ var("reporting_currency") }}' as from_currency,
    '{{ var("reporting_currency") }}' as to_currency,
    cast(null as decimal(18, 8)) as from_rate_per_eur,
    cast(null as decimal(18, 8)) as to_rate_per_eur,
    cast(1 as decimal(28, 12)) as exchange_rate
