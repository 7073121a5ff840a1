{%- do source("lake", "resolution") -%}
select
    resolution.resolution_seq,
    resolution.arrival_seq,
    resolution.decision,
    resolution.reason,
    resolution.resolved_by,
    resolution.batch_seq
from {{ lake_files("resolutions/*.parquet") }} as resolution
where coalesce(resolution.batch_seq, 0) <= {{ var("lake_high_water") | int }}
