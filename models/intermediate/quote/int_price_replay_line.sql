{{ config(materialized="table") }}

-- What a replay of each captured line starts from, and what is missing for it.
with current_price as (
    select
        entry.*,
        row_number() over (
            partition by entry.product_offering_id, entry.currency, entry.charge_type
            order by entry.valid_from desc, entry.price_book_version desc, entry.price_book_entry_id desc
        ) as recency
    from {{ ref("int_price_book_entry") }} as entry
    where {{ is_version_at("entry", as_of()) }}
),

adjusted as (
    select
        adjustment.quote_id,
        adjustment.quote_revision,
        adjustment.quote_line_id,
        max(case when adjustment.adjustment_type = 'ROUNDING' then 1 else 0 end) = 1 as is_rounded,
        max(case
            when adjustment.percent is null or adjustment.adjustment_type = 'ROUNDING' then 0
            when upper(adjustment.basis) = 'LIST' or adjustment.basis_amount is not null then 0
            when {{ is_percent_of_what_is_left("adjustment") }} then 0
            else 1
        end) = 1 as has_unknown_basis
    from {{ ref("int_quote_line_adjustment") }} as adjustment
    group by adjustment.quote_id, adjustment.quote_revision, adjustment.quote_line_id
)

select
    line.quote_id,
    line.quote_revision,
    line.quote_line_id,
    line.pricing_engine_version,
    line.quantity,
    coalesce(line.term_periods, 1) as term_periods,
    coalesce(line.proration_factor, 1) as proration_factor,
    currency.minor_units,
    coalesce(adjusted.is_rounded, false) as is_rounded,
    pinned.price_book_entry_id,
    pinned.price_book_event_id,
    pinned.list_unit_price as pinned_unit_price,
    current_price.price_book_version as current_price_book_version,
    current_price.list_unit_price as current_unit_price,
    case
        when currency.minor_units is null then 'UNKNOWN_CURRENCY'
        when pinned.entry_count is null then 'NO_PRICE_BOOK_ENTRY'
        when pinned.entry_count > 1 then 'AMBIGUOUS_PRICE_BOOK_ENTRY'
        -- The contract has no word for a line that an amendment takes away; its list price of nothing says so.
        when header.quote_kind = 'AMENDMENT' and line.list_unit_price = 0 and line.net_price_amount = 0 and pinned.list_unit_price <> 0
            then 'REMOVED_LINE'
        when adjusted.has_unknown_basis then 'UNKNOWN_BASIS'
    end as missing_input
from {{ ref("int_quote_line") }} as line
left join {{ ref("int_quote_header") }} as header on line.quote_id = header.quote_id
left join {{ ref("currency") }} as currency on line.currency = currency.currency_code
left join {{ ref("int_price_replay_price") }} as pinned
    on
        line.quote_id = pinned.quote_id
        and line.quote_revision = pinned.quote_revision
        and line.quote_line_id = pinned.quote_line_id
left join current_price
    on
        line.product_offering_id = current_price.product_offering_id
        and line.currency = current_price.currency
        and line.charge_type = current_price.charge_type
        and current_price.recency = 1
left join adjusted
    on
        line.quote_id = adjusted.quote_id
        and line.quote_revision = adjusted.quote_revision
        and line.quote_line_id = adjusted.quote_line_id
