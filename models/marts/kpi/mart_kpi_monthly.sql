-- One row per month, measure, statistic and scope. Ratios come last, from sums; percentiles from the single durations.
{% set statistics = {
    "RATIO": ["RATE"], "COUNT": ["COUNT"], "AMOUNT": ["SUM"], "STOCK": ["CLOSING"], "DURATION": ["MEDIAN", "P90", "MEAN"],
} %}
with statistics as (
    {% for kind, names in statistics.items() -%}
    {% set last_kind = loop.last -%}
    {% for name in names -%}
    select '{{ kind }}' as kind, '{{ name }}' as statistic
    {% if not (last_kind and loop.last) -%}
    union all
    {% endif -%}
    {% endfor -%}
    {% endfor %}
),

measured as (
    select
        monthly.*,
        measure.kpi_id,
        measure.split_by,
        measure.scale,
        measure.measure_unit,
        measure.headline_statistic,
        statistics.statistic,
        percentile.median_seconds,
        percentile.p90_seconds,
        {{ add_days(next_month_start("monthly.month_start_date"), "measure.window_days") }} as matures_on,
        register.kpi_name,
        measure.basis,
        register.semantic_version
    from {{ ref("int_kpi_month") }} as monthly
    inner join {{ ref("kpi_measure") }} as measure on monthly.measure = measure.measure
    inner join {{ ref("kpi_register") }} as register on measure.kpi_id = register.kpi_id
    inner join statistics on measure.kind = statistics.kind
    left join {{ ref("int_kpi_percentile") }} as percentile
        on
            monthly.measure = percentile.measure
            and monthly.split_value = percentile.split_value
            and monthly.scope = percentile.scope
            and monthly.scope_region = percentile.scope_region
            and monthly.month_start_date = percentile.month_start_date
),

composed as (
    select
        measured.*,
        {{ money(
            "case measured.statistic when 'MEAN' then measured.seconds when 'CLOSING' then measured.stock "
            ~ "when 'MEDIAN' then null when 'P90' then null else measured.numerator end"
        ) }} as shown_numerator,
        {{ money(
            "case when measured.statistic in ('RATE', 'MEAN', 'MEDIAN', 'P90') then measured.denominator end"
        ) }} as shown_denominator
    from measured
)

select
    {{ canonical_text([
        {"name": "composed.measure", "data_type": "varchar"}, {"name": "composed.statistic", "data_type": "varchar"},
        {"name": "composed.month_start_date", "data_type": "date"}, {"name": "composed.split_value", "data_type": "varchar"},
        {"name": "composed.scope", "data_type": "varchar"}, {"name": "composed.scope_region", "data_type": "varchar"},
    ]) }} as kpi_month_id,
    composed.kpi_id,
    composed.kpi_name,
    composed.measure,
    composed.statistic,
    coalesce(composed.headline_statistic = composed.statistic, false) as is_headline,
    case when coalesce(composed.headline_statistic <> composed.statistic, true) then composed.kpi_name end as companion_of,
    composed.scope,
    case when composed.scope = 'REGION' then composed.scope_region end as region,
    composed.month_start_date,
    {{ date_key("composed.month_start_date") }} as month_start_date_key,
    case when composed.split_by = 'currency' then composed.split_value end as currency,
    case when composed.split_by = 'category' then composed.split_value end as category,
    composed.measure_unit as unit,
    composed.basis,
    composed.shown_numerator as numerator,
    composed.shown_denominator as denominator,
    case composed.statistic
        when 'MEDIAN' then composed.median_seconds
        when 'P90' then composed.p90_seconds
        when 'RATE' then {{ exact_ratio("composed.scale * composed.shown_numerator", "composed.shown_denominator") }}
        when 'MEAN' then {{ exact_ratio("composed.shown_numerator", "composed.shown_denominator") }}
        else cast(composed.shown_numerator as decimal(20, 6))
    end as value,
    composed.excluded_count,
    {{ as_of() }} >= cast(composed.matures_on as timestamp) as is_mature,
    {{ as_of() }} as as_of,
    cast(composed.semantic_version as integer) as definition_version
from composed
