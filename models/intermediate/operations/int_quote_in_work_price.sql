{{ config(materialized="table") }}

-- What each quote in work is worth as last priced, and whether catalog or price book have moved on since then.
with line as (
    select
        quote_line.*,
        work.last_priced_at
    from {{ ref("int_quote_line") }} as quote_line
    inner join {{ ref("int_quote_in_work") }} as work
        on quote_line.quote_id = work.quote_id and quote_line.quote_revision = work.quote_revision
),

moved as (
    select distinct
        line.quote_id,
        line.quote_revision,
        line.quote_line_id,
        line.charge_type
    from line
    inner join {{ ref("int_price_book_entry") }} as entry
        on
            line.product_offering_id = entry.product_offering_id
            and line.currency = entry.currency
            and line.charge_type = entry.charge_type
    where
        entry.list_unit_price <> line.list_unit_price
        and cast(entry.valid_from as timestamp) > line.last_priced_at
        and cast(entry.valid_from as timestamp) <= {{ as_of() }}
)

select
    line.quote_id,
    line.quote_revision,
    min(line.currency) as currency,
    min(line.catalog_version) as catalog_version,
    min(line.price_book_version) as price_book_version,
    min(line.policy_version) as policy_version,
    sum(line.net_price_amount) as net_price_amount,
    case when count(*) = count(line.cost_amount) then sum(line.cost_amount) end as cost_amount,
    sum(line.prorated_list_amount) as prorated_list_amount,
    count(moved.quote_line_id) as stale_price_line_count,
    count(
        case
            when offering.updated_at > line.last_priced_at and offering.catalog_version <> line.catalog_version then 1
        end
    ) as stale_catalog_line_count
from line
left join moved
    on
        line.quote_id = moved.quote_id
        and line.quote_revision = moved.quote_revision
        and line.quote_line_id = moved.quote_line_id
        and line.charge_type = moved.charge_type
left join {{ ref("int_product_offering_current") }} as offering on line.product_offering_id = offering.product_offering_id
group by line.quote_id, line.quote_revision
