{# The fields of a line of QuotePriced that both a pricing and what was shown of it have, under their names in the models. line: the alias of the exploded line. #}
{% macro priced_line_columns(line="line") -%}
    {{ line }}.lineId as quote_line_id,
    {{ line }}.parentLineId as parent_quote_line_id,
    {{ line }}.productOfferingId as product_offering_id,
    {{ line }}.chargeType as charge_type,
    {{ line }}.quantity as quantity,
    {{ line }}.termPeriods as term_periods,
    {{ line }}.listUnitPrice as list_unit_price,
    {{ line }}.prorationFactor as proration_factor,
    {{ line }}.proratedListAmount as prorated_list_amount,
    {{ line }}.netAmount as net_price_amount,
    {{ line }}.taxDisplayAmount as tax_display_amount,
    {{ line }}.adjustments as adjustments
{%- endmacro %}
