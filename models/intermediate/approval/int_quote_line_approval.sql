{{ config(materialized="table") }}

-- The lines that a standing approval covers, and down to which net: judged at the acceptance of the revision, else at its end, else at the
-- as-of time. A submission stands while every request of it does; of several that stand, the one that goes lowest counts. A request that
-- names floors covers the lines that it names; one that names none covers what had been priced when it was decided, as priced. Nobody
-- approves for himself; up to where else an approver may go is in no event.
with request as (
    select
        request.*,
        {{ approval_holds_at(
            "request",
            "coalesce(revision.accepted_at, revision.rejected_at, revision.expired_at, revision.cancelled_at, " ~ as_of() ~ ")",
        ) }} and coalesce(request.decided_by <> request.requested_by, true) as is_standing
    from {{ ref("int_approval_request_state") }} as request
    inner join {{ ref("int_quote_revision") }} as revision
        on request.quote_id = revision.quote_id and request.quote_revision = revision.quote_revision
),

naming as (
    select distinct floor_line.approval_request_id
    from {{ ref("int_approval_floor") }} as floor_line
),

covered as (
    select
        request.approval_request_id,
        request.quote_id,
        request.quote_revision,
        request.submission_sequence,
        line.quote_line_id,
        case
            when not request.is_standing then null
            when naming.approval_request_id is not null then floor_line.approved_floor_amount
            when line.priced_at <= request.decided_at then line.net_price_amount
        end as approved_floor_amount
    from request
    inner join {{ ref("int_quote_line") }} as line
        on request.quote_id = line.quote_id and request.quote_revision = line.quote_revision
    left join naming on request.approval_request_id = naming.approval_request_id
    left join {{ ref("int_approval_floor") }} as floor_line
        on request.approval_request_id = floor_line.approval_request_id and line.quote_line_id = floor_line.quote_line_id
),

submission as (
    select
        covered.quote_id,
        covered.quote_revision,
        covered.quote_line_id,
        covered.submission_sequence,
        max(covered.approved_floor_amount) as approved_floor_amount,
        {{ distinct_texts("covered.approval_request_id") }} as approval_request_ids
    from covered
    group by covered.quote_id, covered.quote_revision, covered.quote_line_id, covered.submission_sequence
    having count(*) = count(covered.approved_floor_amount)
),

ranked as (
    select
        submission.*,
        row_number() over (
            partition by submission.quote_id, submission.quote_revision, submission.quote_line_id
            order by submission.approved_floor_amount asc, submission.submission_sequence desc
        ) as place
    from submission
)

select
    ranked.quote_id,
    ranked.quote_revision,
    ranked.quote_line_id,
    ranked.submission_sequence,
    ranked.approval_request_ids,
    ranked.approved_floor_amount
from ranked
where ranked.place = 1
