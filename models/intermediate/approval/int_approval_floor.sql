-- The lowest nets that each request's last decision approved, by line; none where it was denied or named none.
with ranked as (
    select
        decided.*,
        row_number() over (partition by decided.approval_request_id order by decided.aggregate_version desc) as recency
    from {{ applied_events("stg_cpq__approval_decided") }} as decided
),

approved as (
    select ranked.*
    from ranked
    where ranked.recency = 1 and ranked.decision = 'APPROVED'
)

select
    approved.approval_request_id,
    approved_line.lineId as quote_line_id,
    approved_line.netAmount as approved_floor_amount
from approved
{{ explode("approved.approved_floor_amounts", "approved_line") }}
