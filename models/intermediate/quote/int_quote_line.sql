{{ config(materialized="incremental", incremental_strategy="touched", unique_key="quote_id", touched="Quote") }}

-- The lines of each revision as last priced: those of the last applied QuotePriced of that revision.
with last_priced as (
    select max_by(pricing.arrival_seq, pricing.aggregate_version) as arrival_seq
    from {{ applied_events("stg_cpq__quote_priced", "Quote") }} as pricing
    group by pricing.quote_id, pricing.quote_revision
)

select
    priced.quote_id,
    priced.quote_revision,
    {{ priced_line_columns() }},
    priced.event_time as priced_at,
    priced.event_id as source_event_id,
    priced.arrival_seq,
    priced.currency,
    priced.catalog_version,
    priced.price_book_version,
    priced.pricing_engine_version,
    priced.policy_version,
    line.costAmount as cost_amount,
    line.floorNetAmount as floor_amount
from {{ ref("stg_cpq__quote_priced") }} as priced
inner join last_priced on priced.arrival_seq = last_priced.arrival_seq
{{ explode("priced.lines", "line") }}
