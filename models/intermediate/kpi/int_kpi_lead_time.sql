-- KPI 16: how long orders take. Orders that were cancelled or failed are left out, in the month in which they were.
with placed as (
    select
        lifecycle.*,
        coalesce(
            lifecycle.completed_at,
            case lifecycle.order_status
                when 'CANCELLED' then lifecycle.last_cancelled_at
                when 'FAILED' then lifecycle.last_failed_at
            end
        ) as ended_at,
        case
            when lifecycle.is_fulfilled
                then case
                    when lifecycle.first_submitted_at is null then 'submission_missing'
                    when lifecycle.has_time_defect then 'time_defect'
                end
            else lower(lifecycle.order_status)
        end as exclusion
    from {{ ref("fact_order_lifecycle") }} as lifecycle
)

{% for measure, seconds in {"fulfillment_lead_time": "lead_seconds", "fulfillment_working_time": "working_seconds"}.items() -%}
select
    {{ kpi_columns(
        measure, "placed.order_id", "placed.ended_at", quote_id="placed.quote_id", order_id="placed.order_id", denominator="1",
        seconds="placed." ~ seconds,
        exclusion="case when placed.exclusion is null and placed." ~ seconds ~ " is null then 'time_defect' else placed.exclusion end",
    ) }}
from placed
union all
{% endfor -%}
select
    {{ kpi_columns(
        "fulfillment_on_time_rate", "placed.order_id", "placed.ended_at", quote_id="placed.quote_id", order_id="placed.order_id",
        numerator=one_if("placed.is_on_time"), denominator="1",
        exclusion="case when placed.is_fulfilled and placed.is_on_time is null then 'no_promise' "
        ~ "when not placed.is_fulfilled then placed.exclusion end",
    ) }}
from placed
union all
select
    {{ kpi_columns(
        "fulfillment_open_age", "placed.order_id", as_of(), quote_id="placed.quote_id", order_id="placed.order_id", denominator="1",
        seconds="placed.open_age_seconds",
        exclusion="case when placed.open_age_seconds is null then 'time_defect' end",
    ) }}
from placed
where placed.is_open
