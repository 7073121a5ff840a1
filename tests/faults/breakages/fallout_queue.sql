-- An open case that the repair queue lost.
delete from operations.fulfillment_fallout where fallout_case_id = (select max(fallout_case_id) from operations.fulfillment_fallout)
