-- fact_asset_state against the asset events in the lake, each of which makes a state, by month.
with lake_row as (
    {% for event in ["created", "changed", "terminated"] -%}
    select
        happened.is_counted,
        happened.asset_id,
        happened.aggregate_version as asset_version,
        '{{ event }}' as event_name,
        happened.event_time as valid_from,
        happened.event_id as source_event_id
    from {{ counted_events("stg_inventory__asset_" ~ event) }} as happened
    {% if not loop.last -%}
    union all
    {% endif -%}
    {% endfor %}
),

{{ row_pair_sides(
    "asset_state", "fact_asset_state", "valid_from",
    {
        "asset_id": "varchar", "asset_version": "bigint", "event_name": "varchar", "valid_from": "timestamp", "source_event_id": "varchar",
    },
) }}
