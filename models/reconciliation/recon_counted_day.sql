{{ config(materialized="table") }}

-- Counted events per system, measure, day (UTC) and currency; total_amount is NULL for a measure that adds up none.
select
    counted.source_system as system,
    counted.measure,
    counted.currency,
    cast(counted.event_time as date) as event_date,
    count(*) filter (where counted.is_counted) as total_count,
    case
        when counted.measure in ('quotes_accepted', 'orders_submitted', 'invoices_issued', 'credit_notes_issued')
            then {{ exact_sum("case when counted.is_counted then counted.amount end") }}
    end as total_amount
from {{ ref("recon_counted_event") }} as counted
group by counted.source_system, counted.measure, counted.currency, cast(counted.event_time as date)
