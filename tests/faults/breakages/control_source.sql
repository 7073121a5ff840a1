-- A check that lost its rows: every source has to be among them, covered or not.
create or replace view reconciliation.recon_control_source as
select
    'control_source' as check_key, '' as partition, 'source' as kind, 'warning' as severity,
    true as is_proven, 0 as left_count, 0 as right_count
where false
