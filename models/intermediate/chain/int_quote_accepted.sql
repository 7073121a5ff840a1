-- The revision of each quote that was accepted; the last one where several were.
select
    revision.quote_id,
    max_by(revision.quote_revision, revision.accepted_at) as accepted_revision,
    max(revision.accepted_at) as accepted_at
from {{ ref("int_quote_revision") }} as revision
where revision.accepted_at is not null
group by revision.quote_id
