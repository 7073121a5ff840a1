-- Reference rates, units per euro. Where snapshots overlap, the first to publish a rate keeps it: a rate that was used does not change.
with ranked as (
    select
        rates.rate_date,
        rates.currency,
        rates.rate as rate_per_eur,
        rates.snapshot,
        rates.published_source,
        row_number() over (partition by rates.rate_date, rates.currency order by rates.published_through, rates.snapshot) as precedence
    from {{ exchange_rate_snapshots() }} as rates
)

select
    ranked.rate_date,
    ranked.currency,
    ranked.rate_per_eur,
    ranked.snapshot,
    ranked.published_source
from ranked
where ranked.precedence = 1
