-- fact_quote_line_price against the lines that the lake holds of each revision as last priced.
with lake_line as (
    select
        priced.is_in_force,
        {{ month_text("priced.event_time") }} as month,
        priced.currency,
        priced.quote_id,
        priced.quote_revision,
        line.lineId as quote_line_id,
        line.proratedListAmount as prorated_list_amount,
        coalesce({{ list_total("line.adjustments", "amount") }}, 0) as adjustment_amount,
        line.netAmount as net_price_amount
    from {{ in_force("stg_cpq__quote_priced", ["quote_id", "quote_revision"]) }} as priced
    {{ explode("priced.lines", "line") }}
),

mart_line as (
    select
        true as is_in_force,
        {{ month_text_of_key("mart.priced_date_key") }} as month,
        mart.currency,
        mart.quote_id,
        mart.quote_revision,
        mart.quote_line_id,
        mart.prorated_list_amount,
        (
            0
            {%- for type in adjustment_types() %}
            + mart.{{ type | lower }}_amount
            {%- endfor %}
        ) as adjustment_amount,
        mart.net_price_amount
    from {{ ref("fact_quote_line_price") }} as mart
),

{{ line_pair_sides(
    "quote_line", "quote",
    {
        "quote_id": "varchar", "quote_revision": "bigint", "quote_line_id": "varchar",
        "prorated_list_amount": "decimal(18,4)", "net_price_amount": "decimal(18,4)",
    },
    sums=["prorated_list_amount", "adjustment_amount", "net_price_amount"],
) }}
