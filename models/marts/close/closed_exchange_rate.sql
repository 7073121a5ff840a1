-- As reported: the exchange rates of every closed period as they were frozen.
select
    closed.entity,
    closed.period,
    closed.close_version,
    {{ exchange_rate_columns("closed") }}
from {{ ref("int_closed_exchange_rate") }} as closed
