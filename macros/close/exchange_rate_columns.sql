{# What a close freezes of an exchange rate, as dim_exchange_rate has it. #}
{% macro exchange_rate_columns(row) -%}
    {{ row }}.exchange_rate_id,
    {{ row }}.published_date,
    {{ row }}.from_currency,
    {{ row }}.to_currency,
    {{ row }}.from_rate_per_eur,
    {{ row }}.to_rate_per_eur,
    {{ row }}.exchange_rate
{%- endmacro %}
