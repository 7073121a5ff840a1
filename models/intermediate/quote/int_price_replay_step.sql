{{
    config(
        materialized="incremental",
        incremental_strategy="touched",
        unique_key="quote_id",
        touched="Quote",
        pre_hook="{{ delete_changed_unit_price() }}",
    )
}}

-- The steps of the price chain of each replayable line, from the pinned and from the current unit price, in the order of the taxonomy.
-- Rounding is none: it is what the end of the chain leaves over. A line without adjustments has one step of nothing.
with line as (
    select replayed.*
    from {{ ref("int_price_replay_line") }} as replayed
    where
        replayed.missing_input is null
        and {{ is_touched("replayed.quote_id", "Quote", or_in=[ids_with_changed_unit_price()]) }}
),

adjustment as (
    select adjusted.*
    from {{ ref("int_quote_line_adjustment") }} as adjusted
    where
        adjusted.adjustment_type <> 'ROUNDING'
        and adjusted.quote_id in (select line.quote_id from line)
),

priced as (
    {%- for basis in ["pinned", "current"] %}
    select
        line.*,
        '{{ basis | upper }}' as price_basis,
        line.{{ basis }}_unit_price as unit_price,
        {{ extended_amount("line.quantity", "line." ~ basis ~ "_unit_price", "line.term_periods") }} as list_price_amount
    from line
    where line.{{ basis }}_unit_price is not null
    {{- "\n    union all" if not loop.last }}
    {%- endfor %}
),

prorated as (
    select
        priced.*,
        {{ convert_amount("priced.list_price_amount", "cast(1 as decimal(18, 8))", "priced.proration_factor") }} as prorated_list_amount
    from priced
)

select
    prorated.quote_id,
    prorated.quote_revision,
    prorated.quote_line_id,
    prorated.price_basis,
    prorated.unit_price,
    prorated.list_price_amount,
    prorated.prorated_list_amount,
    adjustment.adjustment_type,
    case
        when adjustment.quote_id is null then 0
        when adjustment.percent is null then adjustment.adjustment_amount
        when upper(adjustment.basis) = 'LIST'
            then {{ extended_amount("prorated.prorated_list_amount", signed_percent("adjustment"), "0.01") }}
        when not {{ is_percent_of_what_is_left("adjustment") }}
            then {{ extended_amount("adjustment.basis_amount", signed_percent("adjustment"), "0.01") }}
    end as amount,
    case when {{ is_percent_of_what_is_left("adjustment") }} then {{ signed_percent("adjustment") }} end as percent,
    row_number() over (
        partition by prorated.quote_id, prorated.quote_revision, prorated.quote_line_id, prorated.price_basis
        order by taxonomy.waterfall_position, adjustment.sequence, adjustment.adjustment_number
    ) as step_number
from prorated
left join adjustment
    on
        prorated.quote_id = adjustment.quote_id
        and prorated.quote_revision = adjustment.quote_revision
        and prorated.quote_line_id = adjustment.quote_line_id
left join {{ ref("discount_type") }} as taxonomy on adjustment.adjustment_type = taxonomy.code
