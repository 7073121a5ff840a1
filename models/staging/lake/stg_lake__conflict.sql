select
    lake_quarantine.arrival_seq,
    lake_quarantine.batch_seq,
    lake_quarantine.source_system,
    lake_quarantine.event_id,
    lake_quarantine.event_type,
    lake_quarantine.aggregate_type,
    lake_quarantine.aggregate_id,
    lake_quarantine.existing_arrival_seq,
    lake_quarantine.file_name,
    lake_quarantine.line_number
from {{ lake_quarantine() }}
where lake_quarantine.verdict = 'conflict'
