-- Companions of the durations: the same things and moments, in seconds that the service desk of their region was open. The region is that
-- of the quote, else of the order, as in int_kpi_observation; without a calendar for it there is no such duration.
{% set families = {
    "quote_cycle": ("quote_cycle_time", "int_kpi_quote_cycle"),
    "approval_cycle": ("approval_cycle_time", "int_kpi_approval"),
    "repair": ("mean_time_to_repair", "int_kpi_fallout"),
    "fulfillment_lead": ("fulfillment_lead_time", "int_kpi_lead_time"),
} %}
with quote_cycle as (
    select
        lifecycle.quote_id as entity_id,
        lifecycle.quote_created_at as started_at,
        lifecycle.status_since as ended_at
    from {{ ref("fact_quote_lifecycle") }} as lifecycle
    where lifecycle.is_latest_revision
),

approval_cycle as (
    select
        {{ canonical_text([
            {"name": "submission.quote_id", "data_type": "varchar"}, {"name": "submission.quote_revision", "data_type": "bigint"},
            {"name": "submission.submission_sequence", "data_type": "bigint"},
        ]) }} as entity_id,
        submission.first_requested_at as started_at,
        submission.final_decided_at as ended_at
    from {{ ref("fact_approval_submission") }} as submission
),

repair as (
    select
        fallout.fallout_case_id as entity_id,
        fallout.opened_at as started_at,
        fallout.recovered_at as ended_at
    from {{ ref("fact_fallout_case") }} as fallout
),

fulfillment_lead as (
    select
        lifecycle.order_id as entity_id,
        lifecycle.first_submitted_at as started_at,
        lifecycle.completed_at as ended_at
    from {{ ref("fact_order_lifecycle") }} as lifecycle
)

{% for span, (elapsed_measure, family) in families.items() -%}
select
    {{ kpi_columns(
        span ~ "_business_time", "elapsed.entity_id", "elapsed.observed_at", quote_id="elapsed.quote_id", order_id="elapsed.order_id",
        denominator="1", seconds=business_seconds_between("opened", "span.started_at", "ended", "span.ended_at"),
        exclusion="case when elapsed.exclusion_reason is not null then elapsed.exclusion_reason "
        ~ "when opened.region is null or ended.region is null then 'no_calendar' end",
    ) }}
from {{ ref(family) }} as elapsed
inner join {{ span }} as span on elapsed.entity_id = span.entity_id
left join {{ ref("int_quote_header") }} as quote on elapsed.quote_id = quote.quote_id
left join {{ ref("int_order_state") }} as orders on elapsed.order_id = orders.order_id
left join {{ ref("dim_sla_calendar") }} as opened
    on coalesce(quote.region, orders.region) = opened.region and cast(span.started_at as date) = opened.calendar_date
left join {{ ref("dim_sla_calendar") }} as ended
    on coalesce(quote.region, orders.region) = ended.region and cast(span.ended_at as date) = ended.calendar_date
where elapsed.measure = '{{ elapsed_measure }}'
{% if not loop.last -%}
union all
{% endif -%}
{% endfor -%}
