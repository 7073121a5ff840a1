update staging.stg_billing__credit_note_issued set total_net_amount = total_net_amount + 0.0001
