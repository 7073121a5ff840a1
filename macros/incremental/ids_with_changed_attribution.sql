{#
    The quotes of which a line as attributed is no longer in its product family, at its rate or approved as this model holds it: for the incremental
    discipline of int_quote_line_attributed, which borrows these from what comes without an event of the quote, and from the as-of time.
#}
{% macro ids_with_changed_attribution() -%}
    select held.quote_id
    from {{ this }} as held
    left join {{ ref("int_product_offering_current") }} as offering on held.product_offering_id = offering.product_offering_id
    left join {{ ref("int_quote_line_approval") }} as approval
        on
            held.quote_id = approval.quote_id
            and held.quote_revision = approval.quote_revision
            and held.quote_line_id = approval.quote_line_id
    left join {{ ref("int_exchange_rate_filled") }} as rate on held.currency = rate.currency and held.attributed_date = rate.rate_date
    where
        held.product_family <> coalesce(offering.product_family, '(unknown)')
        or held.has_valid_approval <> (approval.quote_id is not null)
        or held.rate_id is distinct from {{ reporting_rate_id("held.currency", "rate") }}
        or held.from_rate is distinct from rate.from_rate
        or held.to_rate is distinct from rate.to_rate
{%- endmacro %}
