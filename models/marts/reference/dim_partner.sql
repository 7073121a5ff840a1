{{ named_dimension(
    "partner_id",
    [
        {"model": "int_quote_header", "column": "partner_id", "moment": "created_at", "applied": false},
        {"model": "stg_crm__account_upserted", "column": "partner_id", "moment": "event_time", "applied": true},
    ],
) }}
