-- A request that is shown twice.
insert into operations.approval_inbox select * from operations.approval_inbox limit 1
