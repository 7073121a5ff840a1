{{
    config(
        materialized="incremental",
        incremental_strategy="touched",
        unique_key="quote_id",
        touched="Quote",
        post_hook="{{ set_as_of('replayed_as_of') }}",
    )
}}

{% set components = ["list_price", "prorated_list"] + (adjustment_types() | map("lower") | list) + ["net_price"] -%}
-- Each captured line priced again: from the price that it was pinned to, held against what was captured; from the current one, as drift.
with line as (
    select replayed.*
    from {{ ref("int_price_replay_line") }} as replayed
    where {{ is_touched("replayed.quote_id", "Quote", or_in=[ids_with_changed_replay_input()]) }}
),

compared as (
    select
        captured.*,
        line.pricing_engine_version,
        line.missing_input,
        line.price_book_entry_id,
        line.price_book_event_id,
        line.pinned_unit_price,
        line.current_price_book_version,
        line.current_unit_price,
        {%- for component in components %}
        pinned.{{ component }}_amount as replayed_{{ component }}_amount,
        {{ money(
            in_minor_units("captured." ~ component ~ "_amount", "line.minor_units")
            ~ " - " ~ in_minor_units("pinned." ~ component ~ "_amount", "line.minor_units")
        ) }} as {{ component }}_difference_amount,
        {%- endfor %}
        latest.net_price_amount as current_net_price_amount,
        {{ money(
            in_minor_units("latest.net_price_amount", "line.minor_units") ~ " - " ~ in_minor_units("captured.net_price_amount", "line.minor_units")
        ) }} as price_drift_amount
    from {{ ref("fact_quote_line_price") }} as captured
    inner join line
        on
            captured.quote_id = line.quote_id
            and captured.quote_revision = line.quote_revision
            and captured.quote_line_id = line.quote_line_id
    {%- for basis, alias in [("PINNED", "pinned"), ("CURRENT", "latest")] %}
    left join {{ ref("int_price_replay_chain") }} as {{ alias }}
        on
            captured.quote_id = {{ alias }}.quote_id
            and captured.quote_revision = {{ alias }}.quote_revision
            and captured.quote_line_id = {{ alias }}.quote_line_id
            and {{ alias }}.price_basis = '{{ basis }}'
    {%- endfor %}
),

judged as (
    select
        compared.*,
        case
            when compared.missing_input is not null then compared.missing_input
            {%- for component in components %}
            when compared.{{ component }}_difference_amount is null then 'AMOUNT_TOO_LARGE'
            {%- endfor %}
        end as not_replayable_reason,
        nullif(concat_ws(
            '|'
            {%- for component in components %},
            case when compared.{{ component }}_difference_amount <> 0 then '{{ component }}' end
            {%- endfor %}
        ), '') as differing_components
    from compared
)

select
    judged.quote_id,
    judged.quote_revision,
    judged.quote_line_id,
    judged.product_offering_id,
    judged.charge_type,
    judged.price_book_version,
    judged.pricing_engine_version,
    judged.policy_version,
    judged.price_book_entry_id,
    judged.price_book_event_id,
    judged.priced_date_key,
    {{ as_of() }} as replayed_as_of,
    case
        when judged.not_replayable_reason is not null then 'NOT_REPLAYABLE'
        when judged.differing_components is not null then 'MISMATCH'
        else 'MATCH'
    end as replay_status,
    judged.not_replayable_reason,
    case when judged.not_replayable_reason is null then judged.differing_components end as mismatched_components,
    judged.currency,
    judged.list_unit_price,
    judged.pinned_unit_price,
    judged.net_price_amount,
    {%- for column in ["replayed_list_price", "replayed_prorated_list", "replayed_net_price"] %}
    case when judged.not_replayable_reason is null then judged.{{ column }}_amount end as {{ column }}_amount,
    {%- endfor %}
    {%- for component in components %}
    case when judged.not_replayable_reason is null then judged.{{ component }}_difference_amount end as {{ component }}_difference_amount,
    {%- endfor %}
    judged.current_price_book_version,
    judged.current_unit_price,
    judged.current_net_price_amount,
    judged.price_drift_amount,
    judged.price_drift_amount <> 0 as has_price_drift,
    judged.source_event_id,
    judged.arrival_seq,
    judged.has_gap,
    judged.has_stale_event,
    judged.has_open_conflict
from judged
