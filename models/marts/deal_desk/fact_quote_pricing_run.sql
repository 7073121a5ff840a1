{{ config(materialized="incremental", incremental_strategy="touched", unique_key="quote_id", touched="Quote") }}

select
    pricing.quote_id,
    pricing.quote_revision,
    pricing.pricing_run_number,
    pricing.is_first_of_revision,
    pricing.priced_at,
    {{ date_key("pricing.priced_at") }} as priced_date_key,
    pricing.pricing_trigger,
    pricing.catalog_version,
    pricing.price_book_version,
    pricing.pricing_engine_version,
    pricing.policy_version,
    pricing.currency,
    pricing.line_count,
    pricing.one_time_net_amount,
    pricing.recurring_net_amount,
    pricing.usage_net_amount,
    pricing.net_hash,
    pricing.is_net_changed,
    pricing.source_event_id,
    pricing.arrival_seq,
    {{ integrity_flags() }}
from {{ ref("int_quote_pricing_run") }} as pricing
left join {{ ref("int_aggregate_integrity") }} as integrity
    on pricing.quote_id = integrity.aggregate_id and integrity.aggregate_type = 'Quote'
where {{ is_touched("pricing.quote_id", "Quote") }}
