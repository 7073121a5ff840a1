-- Each order's status and end. An order is fulfilled when it is completed, or partial with every item either completed or
-- cancelled: then its last completed item is its completion. Where a source says it of the order alone, the order's own state is.
with joined as (
    select
        milestone.order_id,
        milestone.first_submitted_at,
        milestone.held_seconds + milestone.pending_seconds as waiting_seconds,
        coalesce(
            placed.order_state,
            case
                when milestone.last_accepted_at is not null then 'ACCEPTED'
                when milestone.attempt_outcome = 'rejected' then 'REJECTED'
                else 'UNKNOWN'
            end
        ) as order_status,
        coalesce(
            placed.order_state_since,
            milestone.last_accepted_at,
            case when milestone.attempt_outcome = 'rejected' then milestone.last_rejected_at end,
            milestone.last_event_at
        ) as status_since,
        placed.order_id is not null as is_placed,
        coalesce(progress.item_count, 0) as item_count,
        coalesce(progress.completed_item_count, 0) as completed_item_count,
        coalesce(progress.cancelled_item_count, 0) as cancelled_item_count,
        coalesce(progress.failed_item_count, 0) as failed_item_count,
        progress.last_item_completed_at
    from {{ ref("int_order_milestone") }} as milestone
    left join {{ ref("int_order_state") }} as placed on milestone.order_id = placed.order_id
    left join {{ ref("int_order_progress") }} as progress on milestone.order_id = progress.order_id
),

ended as (
    select
        joined.*,
        joined.item_count = joined.completed_item_count + joined.cancelled_item_count + joined.failed_item_count as is_every_item_ended
    from joined
),

judged as (
    select
        ended.*,
        ended.order_status in ('COMPLETED', 'FAILED', 'CANCELLED', 'REJECTED')
        or (ended.order_status = 'PARTIAL' and ended.is_every_item_ended) as is_ended,
        case ended.order_status
            when 'COMPLETED' then ended.item_count > ended.cancelled_item_count
            when 'PARTIAL'
                then ended.completed_item_count > 0 and ended.item_count = ended.completed_item_count + ended.cancelled_item_count
            else false
        end as is_fulfilled
    from ended
),

dated as (
    select
        judged.*,
        case
            when not judged.is_fulfilled then null
            when judged.is_every_item_ended and judged.completed_item_count > 0 then judged.last_item_completed_at
            else greatest(judged.status_since, coalesce(judged.last_item_completed_at, judged.status_since))
        end as completed_at
    from judged
),

timed as (
    select
        dated.*,
        case
            when dated.completed_at >= dated.first_submitted_at
                then {{ seconds_between("dated.first_submitted_at", "dated.completed_at") }}
        end as lead_seconds
    from dated
)

select
    timed.order_id,
    timed.order_status,
    timed.status_since,
    timed.is_placed and not timed.is_ended as is_open,
    timed.is_fulfilled,
    timed.completed_at,
    timed.lead_seconds,
    case when timed.lead_seconds >= timed.waiting_seconds then timed.lead_seconds - timed.waiting_seconds end as working_seconds,
    timed.item_count,
    timed.completed_item_count,
    timed.cancelled_item_count,
    timed.failed_item_count
from timed
