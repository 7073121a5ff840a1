{{ config(materialized="ephemeral") }}

-- The rates that the amounts of a closed period are converted by today: those of the facts that a close freezes.
with converted as (
    select
        accepted.accepted_at as happened_at,
        accepted.region,
        accepted.reporting_rate_id as rate_id
    from {{ ref("fact_discount_leakage") }} as accepted
    union all
    select
        accepted.accepted_at as happened_at,
        accepted.region,
        price.reporting_rate_id as rate_id
    from {{ ref("fact_quote_line_price") }} as price
    inner join {{ ref("fact_discount_leakage") }} as accepted
        on
            price.quote_id = accepted.quote_id
            and price.quote_revision = accepted.quote_revision
            and price.quote_line_id = accepted.quote_line_id
            and price.charge_type = accepted.charge_type
    union all
    select
        placed.submitted_at as happened_at,
        placed.region,
        placed.reporting_rate_id as rate_id
    from {{ ref("fact_order_line") }} as placed
    union all
    select
        billed.issued_at as happened_at,
        account.region,
        billed.reporting_rate_id as rate_id
    from {{ ref("fact_invoice_line") }} as billed
    left join {{ ref("int_account_current") }} as account on billed.account_id = account.account_id
)

select
    closed.entity,
    closed.period,
    converted.rate_id
from {{ ref("int_closed_period") }} as closed
inner join converted on closed.period_start <= converted.happened_at and closed.period_end > converted.happened_at
where converted.rate_id is not null and {{ books("closed.region", "converted.region") }}
group by closed.entity, closed.period, converted.rate_id
