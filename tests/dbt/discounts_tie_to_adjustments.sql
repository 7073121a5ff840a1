-- Every basis of mart_discount_monthly has the adjustments of its revisions, each once: by type, currency and charge, and in the reporting
-- currency where the basis takes the rate of the day of pricing. What does not fit an amount is NULL and left out.
with adjustment as (
    select
        adjusted.*,
        line.is_latest_revision,
        line.revision_status,
        accepted.quote_id is not null as is_accepted
    from {{ ref("fact_quote_line_adjustment") }} as adjusted
    inner join {{ ref("fact_quote_line_price") }} as line
        on
            adjusted.quote_id = line.quote_id
            and adjusted.quote_revision = line.quote_revision
            and adjusted.quote_line_id = line.quote_line_id
    left join {{ ref("int_quote_accepted_revision") }} as accepted
        on adjusted.quote_id = accepted.quote_id and adjusted.quote_revision = accepted.quote_revision
),

there as (
    {% for basis, condition in {
        "QUOTED": "true", "LATEST": "is_latest_revision", "ACCEPTED": "is_accepted", "REJECTED": "revision_status = 'REJECTED'"
    }.items() -%}
    select
        '{{ basis }}' as basis,
        adjustment.adjustment_type as discount_type,
        adjustment.currency,
        adjustment.charge_type,
        count(*) as adjustment_count,
        sum(adjustment.adjustment_amount) as amount,
        {{ "sum(adjustment.reporting_adjustment_amount)" if basis in ("QUOTED", "LATEST") else "cast(null as decimal(38, 4))" }}
            as reporting_amount
    from adjustment
    where {{ condition }}
    group by adjustment.adjustment_type, adjustment.currency, adjustment.charge_type
    {{ "union all" if not loop.last }}
    {% endfor -%}
),

here as (
    select
        mart.basis,
        mart.discount_type,
        mart.currency,
        mart.charge_type,
        sum(mart.adjustment_count) as adjustment_count,
        sum(mart.adjustment_amount) as amount,
        sum(mart.approved_amount + mart.unapproved_amount) as split_amount,
        sum(mart.reporting_adjustment_amount) as reporting_amount,
        count(*) = count(mart.adjustment_amount) as is_whole
    from {{ ref("mart_discount_monthly") }} as mart
    where mart.discount_type <> 'NONE'
    group by mart.basis, mart.discount_type, mart.currency, mart.charge_type
)

select
    coalesce(here.basis, there.basis) as basis,
    coalesce(here.discount_type, there.discount_type) as discount_type,
    here.amount as here_amount,
    there.amount as there_amount
from here
full outer join there
    on
        here.basis = there.basis
        and here.discount_type = there.discount_type
        and here.currency = there.currency
        and here.charge_type = there.charge_type
where
    coalesce(here.is_whole, true)
    and (
        here.adjustment_count is distinct from there.adjustment_count
        or here.amount is distinct from there.amount
        or here.split_amount is distinct from there.amount
        or here.reporting_amount is distinct from coalesce(there.reporting_amount, here.reporting_amount)
    )
