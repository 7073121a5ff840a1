-- A dimension of what events name has each value once; one test for all of them.
{% set keys = {
    "dim_approver_group": "approver_group",
    "dim_channel": "channel",
    "dim_downstream_system": "downstream_system",
    "dim_owner_team": "owner_team",
    "dim_partner": "partner_id",
    "dim_region": "region",
    "dim_sales_rep": "sales_rep_id",
    "dim_sales_team": "sales_team",
} %}
with keyed as (
    {%- for dimension, key in keys.items() %}
    select
        '{{ dimension }}' as dimension,
        named.{{ key }} as key_value
    from {{ ref(dimension) }} as named
    {{- "\n    union all" if not loop.last }}
    {%- endfor %}
)

select
    keyed.dimension,
    keyed.key_value
from keyed
group by keyed.dimension, keyed.key_value
having count(*) > 1
