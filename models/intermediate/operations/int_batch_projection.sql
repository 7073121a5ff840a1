{{ config(materialized="incremental", unique_key="batch_seq", incremental_strategy="delete+insert") }}

-- When each batch of the lake was first projected: later projections of the same events say nothing of how late the first one was.
select distinct
    sequenced.batch_seq,
    {{ projected_at() }} as projected_at
from {{ ref("int_event_sequenced") }} as sequenced
{% if is_incremental() -%}
where
    sequenced.batch_seq > {{ var("built_through") | int }}
    or sequenced.batch_seq not in (select held.batch_seq from {{ this }} as held)
{%- endif %}
