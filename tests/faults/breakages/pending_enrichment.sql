-- An account that is still missing when the row has waited longer than it may.
update operations.approval_inbox set is_pending_enrichment = true where approval_request_id = 'of-q-pending'
