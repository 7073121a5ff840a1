{{ config(materialized="ephemeral") }}

select
    closed.entity,
    closed.period,
    closed.close_version,
    closed.exchange_rate_id,
    closed.published_date,
    closed.from_currency,
    closed.to_currency,
    closed.from_rate_per_eur,
    closed.to_rate_per_eur,
    closed.exchange_rate
from {{ ref("stg_close__exchange_rate") }} as closed
