-- What events have changed in periods that were closed already, booked in the earliest period that was open then. What was booked stays;
-- what is new since then is booked in the one that is open now. Closed lines plus all of it are the restated ones.
with booked as (
    select
        held.*,
        true as is_booked
    from {{ ref("int_booked_adjustment") }} as held
),

reported as (
    select
        told.entity,
        told.period,
        told.line_type,
        told.line_key,
        told.currency,
        sum(told.amount) as amount
    from (
        select
            closed.entity,
            closed.period,
            closed.line_type,
            closed.line_key,
            closed.currency,
            closed.amount
        from {{ ref("int_closed_line") }} as closed
        union all
        select
            booked.entity,
            booked.original_period as period,
            booked.line_type,
            booked.line_key,
            booked.currency,
            booked.delta_amount as amount
        from booked
    ) as told
    group by told.entity, told.period, told.line_type, told.line_key, told.currency
),

compared as (
    select
        coalesce(reported.entity, today.entity) as entity,
        coalesce(reported.period, today.period) as original_period,
        coalesce(reported.line_type, today.line_type) as line_type,
        coalesce(reported.line_key, today.line_key) as line_key,
        coalesce(reported.currency, today.currency) as currency,
        reported.amount as original_amount,
        today.amount as new_amount,
        coalesce(today.amount, 0) - coalesce(reported.amount, 0) as delta_amount,
        today.source_event_id,
        today.arrival_seq
    from reported
    full outer join {{ ref("int_restated_line") }} as today
        on
            reported.entity = today.entity
            and reported.period = today.period
            and reported.line_type = today.line_type
            and reported.line_key = today.line_key
            and reported.currency = today.currency
),

pending as (
    select
        compared.entity,
        compared.original_period,
        closed.open_period as booked_period,
        compared.line_type,
        compared.line_key,
        compared.currency,
        compared.original_amount,
        compared.new_amount,
        compared.delta_amount,
        coalesce(compared.source_event_id, moved.source_event_id) as causing_event_id,
        coalesce(compared.arrival_seq, moved.arrival_seq) as arrival_seq,
        case
            when compared.original_amount is null then 'LATE'
            when compared.new_amount is not null then 'CORRECTED'
            when moved.line_key is not null then 'MOVED'
            else 'REMOVED'
        end as reason,
        false as is_booked
    from compared
    inner join {{ ref("int_closed_period") }} as closed
        on compared.entity = closed.entity and compared.original_period = closed.period
    left join {{ ref("closable_line") }} as moved
        on compared.line_type = moved.line_type and compared.line_key = moved.line_key and compared.new_amount is null
    where compared.delta_amount <> 0
),

every as (
    select * from booked
    union all
    select * from pending
)

select
    {{ key_text(["every.entity", "every.original_period", "every.booked_period", "every.line_type", "every.line_key", "every.currency"]) }}
        as period_adjustment_id,
    every.entity,
    every.original_period,
    every.booked_period,
    every.line_type,
    every.line_key,
    every.currency,
    {{ money("every.original_amount") }} as original_amount,
    {{ money("every.new_amount") }} as new_amount,
    {{ money("every.delta_amount") }} as delta_amount,
    every.causing_event_id,
    every.arrival_seq,
    every.reason,
    every.is_booked
from every
