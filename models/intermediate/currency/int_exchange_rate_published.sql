-- Cross rates to the reporting currency, by way of the euro, on the days on which both sides were published.
with quoted as (
    select
        published.rate_date,
        published.currency,
        published.rate_per_eur
    from {{ ref("stg_ecb__exchange_rate") }} as published
    union all
    select distinct
        published.rate_date,
        'EUR' as currency,
        cast(1 as decimal(18, 8)) as rate_per_eur
    from {{ ref("stg_ecb__exchange_rate") }} as published
)

select
    from_side.rate_date,
    from_side.currency,
    to_side.currency as reporting_currency,
    from_side.rate_per_eur as from_rate,
    to_side.rate_per_eur as to_rate,
    concat_ws(
        '', 'ECB:', cast(from_side.rate_date as string), ':', from_side.currency, ':', to_side.currency
    ) as rate_id
from quoted as from_side
inner join quoted as to_side on from_side.rate_date = to_side.rate_date
where
    to_side.currency = '{{ var("reporting_currency") }}'
    and from_side.currency <> '{{ var("reporting_currency") }}'
