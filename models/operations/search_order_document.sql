-- One document per order with everything that operations search orders by; nested as a search engine takes it.
with total as (
    select
        item.order_id,
        sum(item.net_amount) as net_amount
    from {{ ref("int_order_item_state") }} as item
    group by item.order_id
),

fallout_list as (
    select
        fallout.order_id,
        {{ list_of_structs({
            "fallout_case_id": "fallout.fallout_case_id", "reason_code": "fallout.reason_code", "case_state": "fallout.case_state",
            "downstream_system": "fallout.downstream_system", "owner_team": "fallout.owner_team", "due_at": "fallout.due_at",
        }) }} as fallout
    from {{ ref("int_fallout_case_state") }} as fallout
    where fallout.order_id is not null
    group by fallout.order_id
),

correlation as (
    select
        happened.aggregate_id as order_id,
        {{ distinct_list("happened.correlation_id") }} as correlation_ids
    from {{ ref("int_event_projected") }} as happened
    where happened.aggregate_type = 'Order' and happened.is_applied
    group by happened.aggregate_id
)

select
    'order' as document_type,
    lifecycle.order_id,
    lifecycle.order_number,
    lifecycle.order_status as status,
    lifecycle.is_open,
    coalesce(lifecycle.is_overdue, false)
    or coalesce(not lifecycle.is_on_time, false)
    or coalesce(involvement.is_late, false) as is_sla_breached,
    lifecycle.open_fallout_count,
    involvement.owner_teams,
    involvement.downstream_systems,
    lifecycle.quote_id,
    lifecycle.quote_revision,
    lifecycle.region,
    lifecycle.channel,
    placed.service_address,
    {{ struct_of({
        "account_id": "lifecycle.account_id", "name": "account.account_name", "legal_name": "account.legal_name",
        "segment": "account.segment", "owner_id": "account.owner_id", "billing_account_id": "lifecycle.billing_account_id",
    }) }} as customer,
    {{ struct_of({"currency": "lifecycle.currency", "total_net_amount": money("total.net_amount")}) }} as commercial,
    product_list.products,
    fallout_list.fallout,
    {{ struct_of({
        "submitted_at": "lifecycle.first_submitted_at", "promised_completion_at": "lifecycle.promised_completion_at",
        "completed_at": "lifecycle.completed_at", "status_since": "lifecycle.status_since",
    }) }} as dates,
    {{ struct_of({
        "catalog_version": "placed.catalog_version", "price_book_version": "placed.price_book_version",
        "correlation_ids": "correlation.correlation_ids",
    }) }} as trace,
    (lifecycle.account_id is not null and account.account_id is null)
    or coalesce(product_list.pending_product_count, 0) > 0 as is_pending_enrichment,
    lifecycle.has_gap,
    lifecycle.has_open_conflict,
    {{ projection_columns() }}
from {{ ref("fact_order_lifecycle") }} as lifecycle
inner join {{ ref("int_event_projected") }} as source_event on lifecycle.arrival_seq = source_event.arrival_seq
left join {{ ref("int_order_state") }} as placed on lifecycle.order_id = placed.order_id
left join total on lifecycle.order_id = total.order_id
left join {{ product_lists(ref("int_order_item_state"), "order_id", ref("int_product_offering_current")) }} as product_list
    on lifecycle.order_id = product_list.order_id
left join fallout_list on lifecycle.order_id = fallout_list.order_id
left join {{ ref("int_order_involvement") }} as involvement on lifecycle.order_id = involvement.order_id
left join correlation on lifecycle.order_id = correlation.order_id
left join {{ ref("int_account_current") }} as account on lifecycle.account_id = account.account_id
