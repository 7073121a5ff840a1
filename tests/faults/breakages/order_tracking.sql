-- An order that went back to a former version.
update operations.order_tracking set source_version = source_version - 1 where order_id = 'o1'
