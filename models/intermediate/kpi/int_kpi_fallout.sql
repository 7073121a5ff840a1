-- KPI 12: orders that fell out. Orders of which no submission has arrived have no month and are not here.
with opened as (
    select
        orders.order_id,
        orders.quote_id,
        orders.submitted_at,
        fallout.reason_code
    from {{ ref("int_order_state") }} as orders
    inner join {{ ref("int_fallout_case_state") }} as fallout on orders.order_id = fallout.order_id
    where {{ seconds_between("orders.submitted_at", "fallout.opened_at") }} <= {{ kpi_window_seconds(12) }}
),

by_reason as (
    select
        opened.order_id,
        opened.quote_id,
        opened.submitted_at,
        opened.reason_code
    from opened
    group by opened.order_id, opened.quote_id, opened.submitted_at, opened.reason_code
),

fallen as (
    select opened.order_id
    from opened
    group by opened.order_id
)

select
    {{ kpi_columns(
        "fallout_rate", "orders.order_id", "orders.submitted_at", quote_id="orders.quote_id", order_id="orders.order_id",
        numerator=one_if("fallen.order_id is not null"), denominator="1",
    ) }}
from {{ ref("int_order_state") }} as orders
left join fallen on orders.order_id = fallen.order_id
union all
select
    {{ kpi_columns(
        "fallout_orders_by_reason",
        canonical_text([{"name": "by_reason.order_id", "data_type": "varchar"}, {"name": "by_reason.reason_code", "data_type": "varchar"}]),
        "by_reason.submitted_at", quote_id="by_reason.quote_id", order_id="by_reason.order_id", numerator="1",
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
from {{ ref("int_fallout_case_state") }} as fallout
where fallout.opened_at is not null and fallout.{{ moment }} is not null
{% endfor -%}
