-- KPIs 12 and 13: orders that fell out, and how long repair took. Orders of which no submission has arrived have no month.
with by_reason as (
    select
        placed.order_id,
        placed.quote_id,
        placed.first_submitted_at,
        fallout.reason_code
    from {{ ref("fact_order_lifecycle") }} as placed
    inner join {{ ref("fact_fallout_case") }} as fallout on placed.order_id = fallout.order_id
    where {{ seconds_between("placed.first_submitted_at", "fallout.opened_at") }} < {{ kpi_window_seconds(12) }}
    group by placed.order_id, placed.quote_id, placed.first_submitted_at, fallout.reason_code
)

select
    {{ kpi_columns(
        "fallout_rate", "placed.order_id", "placed.first_submitted_at", quote_id="placed.quote_id", order_id="placed.order_id",
        numerator=one_if("placed.is_fallout_in_window"), denominator="1",
    ) }}
from {{ ref("fact_order_lifecycle") }} as placed
union all
select
    {{ kpi_columns(
        "fallout_orders_by_reason",
        canonical_text([{"name": "by_reason.order_id", "data_type": "varchar"}, {"name": "by_reason.reason_code", "data_type": "varchar"}]),
        "by_reason.first_submitted_at", quote_id="by_reason.quote_id", order_id="by_reason.order_id", numerator="1",
        split_value="coalesce(by_reason.reason_code, '')",
    ) }}
from by_reason
union all
select
    {{ kpi_columns(
        "fallout_cases_per_100_tasks", "task.task_id", "task.created_at", order_id="task.order_id", numerator="task.fallout_count",
        denominator="1",
    ) }}
from {{ ref("fact_order_fulfillment_task") }} as task
{% for moment, flow in {"opened_at": "1", "recovered_at": "-1"}.items() -%}
union all
select
    {{ kpi_columns(
        "fallout_backlog",
        canonical_text([{"name": "fallout.fallout_case_id", "data_type": "varchar"}, {"name": "'" ~ moment ~ "'", "data_type": "varchar"}]),
        "fallout." ~ moment, order_id="fallout.order_id", numerator=flow,
    ) }}
from {{ ref("fact_fallout_case") }} as fallout
where fallout.opened_at is not null and fallout.{{ moment }} is not null
{% endfor -%}
union all
select
    {{ kpi_columns(
        "mean_time_to_repair", "fallout.fallout_case_id", "fallout.recovered_at", order_id="fallout.order_id", denominator="1",
        seconds="fallout.repair_seconds",
        exclusion="case when fallout.resolution = 'CANCELLED' then 'cancelled' when fallout.opened_at is null then 'opening_missing' "
        ~ "when fallout.has_time_defect then 'time_defect' end",
    ) }}
from {{ ref("fact_fallout_case") }} as fallout
union all
select
    {{ kpi_columns(
        "fallout_cancellation_time", "fallout.fallout_case_id", "fallout.recovered_at", order_id="fallout.order_id", denominator="1",
        seconds="fallout.cancellation_seconds",
        exclusion="case when fallout.opened_at is null then 'opening_missing' when fallout.has_time_defect then 'time_defect' end",
    ) }}
from {{ ref("fact_fallout_case") }} as fallout
where fallout.resolution = 'CANCELLED'
union all
select
    {{ kpi_columns(
        "fallout_open_age", "fallout.fallout_case_id", as_of(), order_id="fallout.order_id", denominator="1",
        seconds="fallout.open_age_seconds",
        exclusion="case when fallout.opened_at is null then 'opening_missing' when fallout.has_time_defect then 'time_defect' end",
    ) }}
from {{ ref("fact_fallout_case") }} as fallout
where fallout.case_state = 'open'
