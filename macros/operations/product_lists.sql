{#
    What lines are of, as a search engine takes it: for each id the products, each once, with name and family (list, by product id), and how many of them have not
    arrived. lines: a relation with product_offering_id; offerings: the relation of known products.

    left join {{ product_lists("line", "quote_id", ref("int_product_offering_current")) }} as product_list on ...
#}
{% macro product_lists(lines, id, offerings) -%}
    (
        select
            product.{{ id }},
            {{ list_of_structs({
                "product_offering_id": "product.product_offering_id", "name": "product.product_offering_name",
                "family": "product.product_family",
            }) }} as products,
            count(case when product.product_offering_name is null then 1 end) as pending_product_count
        from (
            select distinct
                line.{{ id }},
                line.product_offering_id,
                offering.product_offering_name,
                offering.product_family
            from {{ lines }} as line
            left join {{ offerings }} as offering on line.product_offering_id = offering.product_offering_id
        ) as product
        group by product.{{ id }}
    )
{%- endmacro %}
