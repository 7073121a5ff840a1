-- The envelope of every accepted event with when it was first projected.
select
    sequenced.source_system,
    sequenced.event_id,
    sequenced.event_type,
    sequenced.event_time,
    sequenced.aggregate_type,
    sequenced.aggregate_id,
    sequenced.aggregate_version,
    sequenced.correlation_id,
    sequenced.arrival_seq,
    sequenced.batch_seq,
    sequenced.is_applied,
    batch.projected_at
from {{ ref("int_event_sequenced") }} as sequenced
inner join {{ ref("int_batch_projection") }} as batch on sequenced.batch_seq = batch.batch_seq
