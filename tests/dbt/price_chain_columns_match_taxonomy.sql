-- Every type of the taxonomy but the tax display has a column in fact_quote_line_price, and no column is without a type.
with columns_of_price as (
    {% for type in adjustment_types() -%}
    select '{{ type }}' as code
    {{ "union all" if not loop.last }}
    {% endfor -%}
)

select coalesce(taxonomy.code, columns_of_price.code) as code
from columns_of_price
full outer join {{ ref("discount_type") }} as taxonomy on columns_of_price.code = taxonomy.code
where
    (taxonomy.code is null or columns_of_price.code is null)
    and coalesce(taxonomy.code, '') <> 'TAX_DISPLAY'
