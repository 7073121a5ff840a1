-- fulfillment_fallout against the cases in the lake that were opened and not recovered since, by month of opening.
with event_in_lake as (
    {% for event in ["opened", "assigned", "recovered", "reopened"] -%}
    select
        happened.fallout_case_id,
        happened.aggregate_version,
        happened.event_time,
        '{{ event }}' as event_name
    from {{ counted_events("stg_oms__fallout_" ~ event) }} as happened
    where happened.is_counted
    {% if not loop.last -%}
    union all
    {% endif -%}
    {% endfor %}
),

lake_row as (
    select
        coalesce(max(case when happened.event_name = 'recovered' then happened.aggregate_version end), 0)
        <= coalesce(max(case when happened.event_name in ('opened', 'reopened') then happened.aggregate_version end), 0) as is_counted,
        happened.fallout_case_id,
        min_by(happened.event_time, case when happened.event_name = 'opened' then happened.aggregate_version end) as status_since
    from event_in_lake as happened
    group by happened.fallout_case_id
),

{{ row_pair_sides(
    "fallout_queue", "fulfillment_fallout", "status_since", {"fallout_case_id": "varchar", "status_since": "timestamp"},
) }}
