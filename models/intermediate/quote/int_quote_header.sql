{{ config(materialized="incremental", incremental_strategy="touched", unique_key="quote_id", touched="Quote") }}

-- The quote as its last applied QuoteCreated says.
with ranked as (
    select
        created.*,
        row_number() over (partition by created.quote_id order by created.aggregate_version desc) as recency
    from {{ applied_events("stg_cpq__quote_created", "Quote") }} as created
)

select
    ranked.quote_id,
    ranked.quote_number,
    ranked.account_id,
    ranked.opportunity_id,
    ranked.currency,
    ranked.channel,
    ranked.region,
    ranked.sales_rep_id,
    ranked.sales_team,
    ranked.partner_id,
    ranked.external_reference,
    ranked.tags,
    coalesce(ranked.quote_kind, 'NEW') as quote_kind,
    ranked.event_time as created_at
from ranked
where ranked.recency = 1
