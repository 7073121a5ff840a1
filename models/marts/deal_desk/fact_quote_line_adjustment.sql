{{ config(materialized="incremental", incremental_strategy="touched", unique_key="quote_id", touched="Quote") }}

with adjustments as (
    select adjusted.*
    from {{ ref("int_quote_line_adjustment") }} as adjusted
    where {{ is_touched("adjusted.quote_id", "Quote", or_in=[ids_with_changed_rate("quote_id", "priced_date_key")]) }}
)

select
    adjustments.quote_id,
    adjustments.quote_revision,
    adjustments.quote_line_id,
    adjustments.adjustment_number,
    adjustments.sequence,
    adjustments.adjustment_type,
    adjustments.adjustment_amount,
    adjustments.basis,
    adjustments.basis_amount,
    adjustments.percent,
    adjustments.reason_code,
    adjustments.cause_id,
    adjustments.policy_version,
    adjustments.charge_type,
    adjustments.currency,
    '{{ var("reporting_currency") }}' as reporting_currency,
    {{ reporting_rate_id("adjustments.currency", "rate") }} as reporting_rate_id,
    {{ reporting_rate("adjustments.currency", "rate") }} as reporting_rate,
    {{ reporting_amount("adjustments.adjustment_amount", "adjustments.currency", "rate") }} as reporting_adjustment_amount,
    {{ date_key("adjustments.priced_at") }} as priced_date_key,
    adjustments.source_event_id,
    adjustments.arrival_seq,
    {{ integrity_flags() }}
from adjustments
left join {{ ref("int_exchange_rate_filled") }} as rate
    on adjustments.currency = rate.currency and cast(adjustments.priced_at as date) = rate.rate_date
left join {{ ref("int_aggregate_integrity") }} as integrity
    on adjustments.quote_id = integrity.aggregate_id and integrity.aggregate_type = 'Quote'
