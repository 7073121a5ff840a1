{# The adjustment types that have a column of their own in fact_quote_line_price; a data test holds this list to the seed. #}
{% macro adjustment_types() -%}
    {{ return([
        "CONTRACTED_PRICE", "VOLUME_TERM_SCHEDULE", "BUNDLE", "PROMOTION", "RENEWAL_INCENTIVE", "LINE_DISCRETIONARY", "MANUAL_OVERRIDE",
        "PARTNER_MARGIN", "ROUNDING", "UNCLASSIFIED",
    ]) }}
{%- endmacro %}
