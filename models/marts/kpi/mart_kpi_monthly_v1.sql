-- The totals alone, under the identifiers that they had before there were regions.
with totals as (
    select
        monthly.*,
        coalesce(monthly.currency, monthly.category, '') as split_value
    from {{ ref("mart_kpi_monthly", v=2) }} as monthly
    where monthly.scope = 'TOTAL'
)

select
    {{ canonical_text([
        {"name": "totals.measure", "data_type": "varchar"}, {"name": "totals.statistic", "data_type": "varchar"},
        {"name": "totals.month_start_date", "data_type": "date"}, {"name": "totals.split_value", "data_type": "varchar"},
    ]) }} as kpi_month_id,
    totals.kpi_id,
    totals.kpi_name,
    totals.measure,
    totals.statistic,
    totals.is_headline,
    totals.companion_of,
    totals.month_start_date,
    totals.month_start_date_key,
    totals.currency,
    totals.category,
    totals.unit,
    totals.basis,
    totals.numerator,
    totals.denominator,
    totals.value,
    totals.excluded_count,
    totals.is_mature,
    totals.as_of,
    totals.definition_version
from totals
