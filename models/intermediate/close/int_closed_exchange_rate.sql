{{ config(materialized="ephemeral") }}

select
    closed.entity,
    closed.period,
    closed.close_version,
    {{ exchange_rate_columns("closed") }}
from {{ ref("stg_close__exchange_rate") }} as closed
