{{ named_dimension(
    "region",
    [
        {"model": "int_quote_header", "column": "region", "moment": "created_at", "applied": false},
        {"model": "int_order_state", "column": "region", "moment": "submitted_at", "applied": false},
        {"model": "int_account_version", "column": "region", "moment": "valid_from", "applied": false},
    ],
) }}
