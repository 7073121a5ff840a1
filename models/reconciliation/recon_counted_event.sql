-- Every event that a measure of ControlTotalsPublished counts: one row per event, with the amount that the measure adds up (NULL where it
-- has none). Straight from staging, so that a mistake in a mart does not cancel out. Events that do not count are there with is_counted false.
with accepted_net as (
    select
        pricing.quote_id,
        pricing.quote_revision,
        max(pricing.currency) as currency,
        {{ exact_sum("line.netAmount") }} as net_amount
    from {{ in_force("stg_cpq__quote_priced", ["quote_id", "quote_revision"]) }} as pricing
    {{ explode("pricing.lines", "line") }}
    where pricing.is_in_force
    group by pricing.quote_id, pricing.quote_revision
),

submitted_net as (
    select
        submission.arrival_seq,
        {{ exact_sum("item.netAmount") }} as net_amount
    from {{ ref("stg_oms__order_submitted") }} as submission
    {{ explode("submission.items", "item") }}
    group by submission.arrival_seq
)

select 'quotes_created' as measure, counted.source_system, counted.event_time, counted.currency, cast(null as decimal(38, 4)) as amount, counted.is_in_force as is_counted
from {{ in_force("stg_cpq__quote_created", ["quote_id"]) }} as counted
union all
select 'quotes_accepted', counted.source_system, counted.event_time, accepted_net.currency, coalesce(accepted_net.net_amount, 0), counted.is_in_force
from {{ in_force("stg_cpq__quote_accepted", ["quote_id", "quote_revision"]) }} as counted
left join accepted_net on counted.quote_id = accepted_net.quote_id and counted.quote_revision = accepted_net.quote_revision
union all
select 'orders_submitted', counted.source_system, counted.event_time, counted.currency, coalesce(submitted_net.net_amount, 0), counted.is_in_force
from {{ in_force("stg_oms__order_submitted", ["order_id"]) }} as counted
left join submitted_net on counted.arrival_seq = submitted_net.arrival_seq
union all
select 'fulfillment_tasks_completed', counted.source_system, counted.event_time, null, null, counted.is_in_force
from {{ in_force("stg_oms__task_completed", ["task_id"]) }} as counted
union all
select 'invoices_issued', counted.source_system, counted.event_time, counted.currency, counted.total_net_amount, counted.is_in_force
from {{ in_force("stg_billing__invoice_issued", ["invoice_id"]) }} as counted
union all
select 'credit_notes_issued', counted.source_system, counted.event_time, counted.currency, counted.total_net_amount, counted.is_in_force
from {{ in_force("stg_billing__credit_note_issued", ["credit_note_id"]) }} as counted
union all
select 'assets_created', counted.source_system, counted.event_time, counted.currency, null, counted.is_in_force
from {{ in_force("stg_inventory__asset_created", ["asset_id"]) }} as counted
