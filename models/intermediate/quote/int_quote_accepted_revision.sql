-- The revision of each quote that was accepted, the last one where several were.
with ranked as (
    select
        revision.quote_id,
        revision.quote_revision,
        revision.accepted_at,
        revision.revision_status,
        row_number() over (
            partition by revision.quote_id order by revision.accepted_at desc, revision.quote_revision desc
        ) as recency
    from {{ ref("int_quote_revision") }} as revision
    where revision.accepted_at is not null
)

select
    ranked.quote_id,
    ranked.quote_revision,
    ranked.accepted_at,
    ranked.revision_status
from ranked
where ranked.recency = 1
