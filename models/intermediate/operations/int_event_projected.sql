-- The envelope of every accepted event with when it was first projected.
select
    sequenced.*,
    batch.projected_at
from {{ ref("int_event_sequenced") }} as sequenced
inner join {{ ref("int_batch_projection") }} as batch on sequenced.batch_seq = batch.batch_seq
