-- search_quote_document against every quote: once, in its latest revision and state, with the expiry that the lake states for it.
{% set columns = {
    "quote_id": "varchar", "quote_revision": "bigint", "status": "varchar", "is_open": "boolean", "created_at": "timestamp",
    "expires_at": "timestamp",
} %}
with stated as (
    {% for event in ["quote_created", "quote_revised"] -%}
    select
        happened.quote_id,
        happened.quote_revision,
        happened.aggregate_version,
        happened.expires_at
    from {{ counted_events("stg_cpq__" ~ event) }} as happened
    where happened.is_counted
    {% if not loop.last -%}
    union all
    {% endif -%}
    {% endfor %}
),

ranked as (
    select
        stated.*,
        row_number() over (partition by stated.quote_id, stated.quote_revision order by stated.aggregate_version desc) as recency
    from stated
),

lake_row as (
    select
        true as is_counted,
        lifecycle.quote_id,
        lifecycle.quote_revision,
        lifecycle.revision_status as status,
        lifecycle.is_open,
        lifecycle.quote_created_at as created_at,
        ranked.expires_at
    from {{ ref("fact_quote_lifecycle") }} as lifecycle
    left join ranked
        on lifecycle.quote_id = ranked.quote_id and lifecycle.quote_revision = ranked.quote_revision and ranked.recency = 1
    where lifecycle.is_latest_revision
),

{{ row_pair_sides(
    "search_quote", "search_quote_document", "created_at", columns,
    expressions={"created_at": "mart.dates.created_at", "expires_at": "mart.dates.expires_at"},
) }}
