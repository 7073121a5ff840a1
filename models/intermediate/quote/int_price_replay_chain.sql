{{
    config(
        materialized="incremental",
        incremental_strategy="touched",
        unique_key="quote_id",
        touched="Quote",
        pre_hook="{{ delete_changed_unit_price() }}",
    )
}}

{% set types = adjustment_types() | reject("equalto", "ROUNDING") | list -%}
-- The price chain of each replayable line by each unit price: its steps applied one after the other and summed by type, then rounding to
-- the minor unit where the source rounded the line too.
with step as (
    select taken.*
    from {{ ref("int_price_replay_step") }} as taken
    where {{ is_touched("taken.quote_id", "Quote", or_in=[ids_with_changed_unit_price()]) }}
),

chained as (
    select
        step.quote_id,
        step.quote_revision,
        step.quote_line_id,
        step.price_basis,
        step.unit_price,
        step.list_price_amount,
        step.prorated_list_amount,
        step.adjustment_type,
        {{ price_chain(
            "step.amount",
            "step.percent",
            partition=["step.quote_id", "step.quote_revision", "step.quote_line_id", "step.price_basis"],
            order="step.step_number",
        ) }} as chain
    from step
),

replayed as (
    select
        chained.quote_id,
        chained.quote_revision,
        chained.quote_line_id,
        chained.price_basis,
        chained.unit_price,
        chained.list_price_amount,
        chained.prorated_list_amount,
        chained.adjustment_type,
        {{ replayed_amount("chained.chain", "chained.prorated_list_amount") }} as amount -- noqa: PRS
    from chained
),

summed as (
    select
        replayed.quote_id,
        replayed.quote_revision,
        replayed.quote_line_id,
        replayed.price_basis,
        max(replayed.unit_price) as unit_price,
        max(replayed.list_price_amount) as list_price_amount,
        max(replayed.prorated_list_amount) as prorated_list_amount,
        {%- for type in types %}
        {{ money("sum(case when replayed.adjustment_type = '" ~ type ~ "' then replayed.amount else 0 end)") }}
            as {{ type | lower }}_amount,
        {%- endfor %}
        -- A sum leaves NULL out; one amount that did not fit makes the end unknown.
        case
            when count(replayed.amount) = count(*)
                then {{ money("max(replayed.prorated_list_amount) + sum(replayed.amount)") }}
        end as unrounded_net_amount
    from replayed
    group by replayed.quote_id, replayed.quote_revision, replayed.quote_line_id, replayed.price_basis
)

select
    summed.*,
    case
        when line.is_rounded
            then {{ in_minor_units("summed.unrounded_net_amount", "line.minor_units") }} - summed.unrounded_net_amount
        else 0
    end as rounding_amount,
    case
        when line.is_rounded then {{ in_minor_units("summed.unrounded_net_amount", "line.minor_units") }}
        else summed.unrounded_net_amount
    end as net_price_amount
from summed
inner join {{ ref("int_price_replay_line") }} as line
    on
        summed.quote_id = line.quote_id
        and summed.quote_revision = line.quote_revision
        and summed.quote_line_id = line.quote_line_id
