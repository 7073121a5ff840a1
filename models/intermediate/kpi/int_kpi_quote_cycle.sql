-- KPI 1: how long quotes take; a quote is shown by its latest revision.
with quote as (
    select
        lifecycle.*,
        lifecycle.revision_status in ('ACCEPTED', 'REJECTED', 'EXPIRED') as is_decided,
        case
            when lifecycle.quote_created_at is null then 'creation_missing'
            when lifecycle.has_time_defect then 'time_defect'
        end as defect
    from {{ ref("fact_quote_lifecycle") }} as lifecycle
    where lifecycle.is_latest_revision
)

select
    {{ kpi_columns(
        "quote_cycle_time", "quote.quote_id", "quote.status_since", quote_id="quote.quote_id", denominator="1",
        seconds="quote.cycle_seconds", exclusion="case when quote.is_decided then quote.defect else 'cancelled' end",
    ) }}
from quote
where quote.is_decided or quote.revision_status = 'CANCELLED'
union all
select
    {{ kpi_columns(
        "quote_cancellation_time", "quote.quote_id", "quote.status_since", quote_id="quote.quote_id", denominator="1",
        seconds="quote.cancellation_seconds", exclusion="quote.defect",
    ) }}
from quote
where quote.revision_status = 'CANCELLED'
union all
select
    {{ kpi_columns(
        "quote_open_age", "quote.quote_id", as_of(), quote_id="quote.quote_id", denominator="1", seconds="quote.open_age_seconds",
        exclusion="quote.defect",
    ) }}
from quote
where quote.is_open
