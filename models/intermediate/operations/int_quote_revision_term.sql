{{ config(materialized="incremental", incremental_strategy="touched", unique_key="quote_id", touched="Quote") }}

-- Until when each revision of a quote holds, as the last applied event that states the revision says.
with stated as (
    {% for event in ["quote_created", "quote_revised"] -%}
    select
        stated.quote_id,
        stated.quote_revision,
        stated.aggregate_version,
        stated.expires_at
    from {{ applied_events("stg_cpq__" ~ event, "Quote") }} as stated
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
)

select
    ranked.quote_id,
    ranked.quote_revision,
    ranked.expires_at
from ranked
where ranked.recency = 1
