-- KPIs 9, 10, 11 and 15: how orders are submitted, checked, decomposed and cancelled.
with attempt as (
    select
        attempted.*,
        {{ canonical_text([
            {"name": "attempted.order_id", "data_type": "varchar"}, {"name": "attempted.idempotency_key", "data_type": "varchar"},
        ]) }} as attempt_id,
        case when attempted.outcome = 'UNKNOWN' then 'unknown_outcome' end as exclusion
    from {{ ref("fact_order_submission_attempt") }} as attempted
),

item as (
    select
        feasibility.*,
        {{ canonical_text([
            {"name": "feasibility.order_id", "data_type": "varchar"}, {"name": "feasibility.order_item_id", "data_type": "varchar"},
            {"name": "feasibility.check_cycle", "data_type": "bigint"},
        ]) }} as check_id
    from {{ ref("fact_order_item_feasibility") }} as feasibility
),

request as (
    select
        cancellation.*,
        {{ canonical_text([
            {"name": "cancellation.order_id", "data_type": "varchar"}, {"name": "cancellation.request_id", "data_type": "varchar"},
        ]) }} as cancellation_id
    from {{ ref("fact_cancellation_request") }} as cancellation
)

select
    {{ kpi_columns(
        "order_submit_success_rate", "attempt.attempt_id", "attempt.attempted_at", order_id="attempt.order_id",
        numerator=one_if("attempt.outcome = 'ACCEPTED'"), denominator="1", exclusion="attempt.exclusion",
    ) }}
from attempt
union all
select
    {{ kpi_columns(
        "order_first_pass_rate", "attempt.order_id", "attempt.attempted_at", order_id="attempt.order_id",
        numerator=one_if("attempt.is_first_pass"), denominator="1", exclusion="attempt.exclusion",
    ) }}
from attempt
where attempt.attempt_number = 1
{% for measure, condition in {
    "feasibility_pass_rate": "item.is_feasible", "feasibility_conditional_rate": "item.outcome = 'CONDITIONAL'",
    "feasibility_first_pass_rate": "item.is_first_pass",
}.items() -%}
union all
select
    {{ kpi_columns(
        measure, "item.check_id", "item.first_checked_at", order_id="item.order_id", numerator=one_if(condition), denominator="1",
        exclusion="case when not item.is_conclusive then 'timeout' end",
    ) }}
from item
{% endfor -%}
{% for measure, condition in {
    "decomposition_failure_rate": "placed.decomposition_failure_count > 0",
    "decomposition_unrecovered_rate": "placed.decomposition_outcome = 'FAILED'",
}.items() -%}
union all
select
    {{ kpi_columns(
        measure, "placed.order_id", "placed.first_submitted_at", quote_id="placed.quote_id", order_id="placed.order_id",
        numerator=one_if(condition), denominator="1",
        exclusion="case when not placed.is_decomposition_entered then 'cancelled_before_start' end",
    ) }}
from {{ ref("fact_order_lifecycle") }} as placed
where placed.decomposition_attempt_count > 0
{% endfor -%}
union all
select
    {{ kpi_columns(
        "cancellation_conflict_rate", "request.cancellation_id", "request.decided_at", order_id="request.order_id",
        numerator=one_if("request.is_conflict"), denominator="1",
        exclusion="case when not request.is_decided then 'withdrawn' end",
    ) }}
from request
union all
select
    {{ kpi_columns(
        "cancellation_refusals_by_reason", "request.cancellation_id", "request.decided_at", order_id="request.order_id", numerator="1",
        split_value="coalesce(request.conflict_reason, '')",
    ) }}
from request
where request.outcome = 'REFUSED'
