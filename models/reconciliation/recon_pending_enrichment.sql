-- Rows of the read models that have waited longer than var enrichment_hours for an account or a product that has not arrived.
{% set models = {
    "quote_worklist": ("quote_id", "status_since"), "approval_inbox": ("approval_request_id", "status_since"),
    "order_tracking": ("order_id", "submitted_at"), "fulfillment_fallout": ("fallout_case_id", "status_since"),
    "customer_timeline": ("aggregate_id", "occurred_at"),
} %}
with read_row as (
    {% for model, (key, since) in models.items() -%}
    select
        '{{ model }}' as model,
        shown.{{ key }} as row_key,
        shown.is_pending_enrichment
        and coalesce({{ seconds_between("shown." ~ since, as_of()) }} > {{ var("enrichment_hours") * 3600 }}, true) as is_overdue
    from {{ ref(model) }} as shown
    {% if not loop.last -%}
    union all
    {% endif -%}
    {% endfor %}
)

select
    'pending_enrichment' as check_key,
    concat_ws('/', 'pending_enrichment', register.model) as partition,
    'source' as kind,
    'warning' as severity,
    count(case when read_row.is_overdue then 1 end) as left_count,
    cast(0 as bigint) as right_count,
    min(case when read_row.is_overdue then read_row.row_key end) as example
from {{ ref("model_register") }} as register
left join read_row on register.model = read_row.model
where register.model in ('{{ models.keys() | join("', '") }}')
group by register.model
