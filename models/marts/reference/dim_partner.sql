{{ named_dimension(
    "partner_id",
    [
        {"model": "int_quote_header", "column": "partner_id", "moment": "created_at", "applied": false},
        {"model": "int_account_version", "column": "partner_id", "moment": "valid_from", "applied": false},
    ],
) }}
