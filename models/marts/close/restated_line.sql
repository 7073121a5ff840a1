-- As it would be today: the lines of every closed period with everything that has arrived since.
select
    restated.entity,
    restated.period,
    restated.line_type,
    restated.line_key,
    restated.currency,
    restated.amount,
    restated.happened_at,
    restated.source_event_id
from {{ ref("int_restated_line") }} as restated
