{{ config(materialized="incremental", unique_key="arrival_seq", incremental_strategy="delete+insert") }}

-- Accepted rows that a later row replaced, because a conflict was resolved for its second content.
select distinct
    lake_event.replaces_arrival_seq as arrival_seq,
    lake_event.arrival_seq as replaced_by_arrival_seq,
    lake_event.batch_seq
from {{ lake_envelopes(only_new=is_incremental()) }}
where lake_event.replaces_arrival_seq is not null
