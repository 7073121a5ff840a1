{{ config(materialized="ephemeral") }}

select
    closed.entity,
    closed.period,
    closed.close_version,
    {{ exchange_rate_columns("closed") }}
from {{ close_index("exchange_rate") }} as closed
