delete from marts.dim_account where account_id = 'a1'
