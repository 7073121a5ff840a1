-- KPIs 2 and 3: errors in configuration attempts, and pricings after the first of a revision.
with attempt as (
    select
        configured.*,
        {{ canonical_text([
            {"name": "configured.quote_id", "data_type": "varchar"}, {"name": "configured.quote_revision", "data_type": "bigint"},
            {"name": "configured.attempt_number", "data_type": "bigint"},
        ]) }} as attempt_id
    from {{ ref("fact_configuration_attempt") }} as configured
),

run as (
    select
        pricing.*,
        {{ canonical_text([
            {"name": "pricing.quote_id", "data_type": "varchar"}, {"name": "pricing.quote_revision", "data_type": "bigint"},
            {"name": "pricing.pricing_run_number", "data_type": "bigint"},
        ]) }} as run_id
    from {{ ref("fact_quote_pricing_run") }} as pricing
),

revision as (
    select
        run.quote_id,
        min(case when run.is_first_of_revision then run.run_id end) as first_run_id,
        min(case when run.is_first_of_revision then run.priced_at end) as first_priced_at,
        count(*) - 1 as recalculation_count,
        sum({{ one_if("run.is_net_changed") }}) as effective_count
    from run
    group by run.quote_id, run.quote_revision
)

select
    {{ kpi_columns(
        "configuration_error_rate", "attempt.attempt_id", "attempt.attempted_at", quote_id="attempt.quote_id",
        numerator=one_if("attempt.has_error"), denominator="1",
        exclusion="case when attempt.validation_trigger <> 'USER' then 'system_sweep' end",
    ) }}
from attempt
union all
select
    {{ kpi_columns(
        "configuration_first_pass_rate", "attempt.attempt_id", "attempt.attempted_at", quote_id="attempt.quote_id",
        numerator=one_if("attempt.is_first_pass"), denominator="1",
    ) }}
from attempt
where attempt.is_first_pass is not null
{% for measure, count in {
    "pricing_recalculation_rate": "recalculation_count", "effective_recalculation_rate": "effective_count",
}.items() -%}
union all
select
    {{ kpi_columns(
        measure, "revision.first_run_id", "revision.first_priced_at", quote_id="revision.quote_id", numerator="revision." ~ count,
        denominator="1",
    ) }}
from revision
{% endfor -%}
union all
select
    {{ kpi_columns(
        "recalculations_by_trigger", "run.run_id", "run.priced_at", quote_id="run.quote_id", numerator="1", split_value="run.pricing_trigger",
    ) }}
from run
where not run.is_first_of_revision
