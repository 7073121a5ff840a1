{#
    The one shape in which the KPI models say what they counted: a row per counted thing and measure. What is left out keeps its row, with the
    reason; it adds to neither number. split_value says which currency or category the row belongs to where the measure is split.
#}
{% macro kpi_columns(
    measure, entity_id, observed_at, quote_id="null", order_id="null", numerator="0", denominator="0", seconds="null", split_value="''",
    exclusion="null"
) -%}
    '{{ measure }}' as measure,
    cast({{ entity_id }} as string) as entity_id,
    {{ observed_at }} as observed_at,
    cast({{ quote_id }} as string) as quote_id,
    cast({{ order_id }} as string) as order_id,
    cast({{ numerator }} as decimal(18, 4)) as numerator,
    cast({{ denominator }} as decimal(18, 4)) as denominator,
    cast({{ seconds }} as bigint) as seconds,
    cast({{ split_value }} as string) as split_value,
    cast({{ exclusion }} as string) as exclusion_reason
{%- endmacro %}

{# 1 where the condition holds, 0 where it does not or is NULL. #}
{% macro one_if(condition) -%}
    case when {{ condition }} then 1 else 0 end
{%- endmacro %}
