-- fact_quote_lifecycle against the revisions in the lake, by the month of their first QuoteCreated or QuoteRevised (none without).
{% set milestones = {
    "last_priced": "quote_priced", "last_submitted": "quote_submitted_for_approval", "approved": "quote_approved", "sent": "quote_sent",
    "accepted": "quote_accepted", "rejected": "quote_rejected", "expired": "quote_expired", "cancelled": "quote_cancelled",
} %}
with event_in_lake as (
    {% for milestone, event in dict(milestones, created="quote_created", revised="quote_revised").items() -%}
    select
        '{{ "created" if milestone == "revised" else milestone }}' as milestone,
        {{ event }}.is_counted,
        {{ event }}.quote_id,
        {{ event }}.quote_revision,
        {{ event }}.aggregate_version,
        {{ event }}.event_time
    from {{ counted_events("stg_cpq__" ~ event) }} as {{ event }}
    {% if not loop.last -%}
    union all
    {% endif -%}
    {% endfor %}
),

lake_row as (
    select
        true as is_counted,
        happened.quote_id,
        happened.quote_revision,
        {%- for milestone in milestones %}
        max_by(happened.event_time, case when happened.milestone = '{{ milestone }}' then happened.aggregate_version end)
            as {{ milestone }}_at,
        {%- endfor %}
        min_by(happened.event_time, case when happened.milestone = 'created' then happened.aggregate_version end) as created_at
    from event_in_lake as happened
    where happened.is_counted
    group by happened.quote_id, happened.quote_revision
    union all
    -- Keeps the months of events that make no row; counts nowhere.
    select distinct
        false as is_counted,
        cast(null as string) as quote_id,
        cast(null as bigint) as quote_revision,
        {%- for milestone in milestones %}
        cast(null as timestamp) as {{ milestone }}_at,
        {%- endfor %}
        happened.event_time as created_at
    from event_in_lake as happened
    where happened.milestone = 'created'
),

{{ row_pair_sides(
    "quote_lifecycle", "fact_quote_lifecycle", "created_at",
    {
        "quote_id": "varchar", "quote_revision": "bigint", "created_at": "timestamp", "last_priced_at": "timestamp",
        "last_submitted_at": "timestamp", "approved_at": "timestamp", "sent_at": "timestamp", "accepted_at": "timestamp",
        "rejected_at": "timestamp", "expired_at": "timestamp", "cancelled_at": "timestamp",
    },
) }}
