-- fact_quote_line_adjustment against the adjustments that the lake holds of each revision as last priced, months without any included.
with lake_line as (
    select
        priced.is_in_force,
        {{ month_text("priced.event_time") }} as month,
        priced.currency,
        priced.quote_id,
        priced.quote_revision,
        line.lineId as quote_line_id,
        line.adjustments
    from {{ in_force("stg_cpq__quote_priced", ["quote_id", "quote_revision"]) }} as priced
    {{ explode("priced.lines", "line") }}
),

lake_adjustment as (
    select
        lake_line.is_in_force,
        lake_line.month,
        lake_line.currency,
        lake_line.quote_id,
        lake_line.quote_revision,
        lake_line.quote_line_id,
        adjustment.type as adjustment_type,
        adjustment.amount as adjustment_amount
    from lake_line
    {{ explode("lake_line.adjustments", "adjustment") }}
    union all
    -- Keeps the month of lines without adjustments among the rows; counts nowhere.
    select distinct
        false as is_in_force,
        lake_line.month,
        lake_line.currency,
        cast(null as string) as quote_id,
        cast(null as bigint) as quote_revision,
        cast(null as string) as quote_line_id,
        cast(null as string) as adjustment_type,
        cast(null as decimal(18, 4)) as adjustment_amount
    from lake_line
),

mart_adjustment as (
    select
        true as is_in_force,
        {{ month_text_of_key("mart.priced_date_key") }} as month,
        mart.currency,
        mart.quote_id,
        mart.quote_revision,
        mart.quote_line_id,
        mart.adjustment_type,
        mart.adjustment_amount
    from {{ ref("fact_quote_line_adjustment") }} as mart
),

{{ line_pair_sides(
    "quote_adjustment", "quote",
    {
        "quote_id": "varchar", "quote_revision": "bigint", "quote_line_id": "varchar",
        "adjustment_type": "varchar", "adjustment_amount": "decimal(18,4)",
    },
    sums=["adjustment_amount"], rows="adjustment",
) }}
