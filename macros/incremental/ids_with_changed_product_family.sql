{# The ids of this model's rows whose product family is no longer the one that holds: for the incremental discipline. #}
{% macro ids_with_changed_product_family(id) -%}
    select held.{{ id }}
    from {{ this }} as held
    left join {{ ref("int_product_offering_current") }} as offering on held.product_offering_id = offering.product_offering_id
    where held.product_family is distinct from offering.product_family
{%- endmacro %}
