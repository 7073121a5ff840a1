{{ config(materialized="table") }}

-- Aggregates that an incremental build has to look at again. Those that ever had a conflict are always among them: a resolution may bring
-- no event, and they are few.
select distinct
    sequenced.aggregate_type,
    sequenced.aggregate_id
from {{ ref("int_event_sequenced") }} as sequenced
where sequenced.batch_seq > {{ var("built_through") | int }} or sequenced.is_superseded
union
select
    conflict.aggregate_type,
    conflict.aggregate_id
from {{ ref("int_conflict_state") }} as conflict
