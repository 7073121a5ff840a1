{{ config(materialized="incremental", incremental_strategy="touched", unique_key="quote_id", touched="Quote") }}

-- One row per adjustment of a line as last priced; numbered by its place in the list, because a source may repeat a sequence.
with lines as (
    select priced.*
    from {{ ref("int_quote_line") }} as priced
    where {{ is_touched("priced.quote_id", "Quote") }}
)

select
    lines.quote_id,
    lines.quote_revision,
    lines.quote_line_id,
    cast(adjustment_number as integer) as adjustment_number,
    adjustment.sequence as sequence,
    adjustment.type as adjustment_type,
    adjustment.amount as adjustment_amount,
    adjustment.basis as basis,
    adjustment.basisAmount as basis_amount,
    adjustment.percent as percent,
    adjustment.reasonCode as reason_code,
    adjustment.causeId as cause_id,
    coalesce(adjustment.policyVersion, lines.policy_version) as policy_version,
    lines.charge_type,
    lines.currency,
    lines.priced_at,
    lines.source_event_id,
    lines.arrival_seq
from lines
{{ explode("lines.adjustments", "adjustment", "adjustment_number") }}
