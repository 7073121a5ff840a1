-- What follows a quote is held to the acceptance that is in force, as the chain does.
select
    acceptance.quote_id,
    acceptance.quote_revision,
    placed.order_id
from {{ ref("int_quote_acceptance") }} as acceptance
inner join {{ ref("int_order_state") }} as placed on acceptance.quote_id = placed.quote_id
where acceptance.is_in_force
