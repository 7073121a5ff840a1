-- An entry that is missing before the cursor of its source.
delete from operations.customer_timeline where timeline_entry_id = (select min(timeline_entry_id) from operations.customer_timeline)
