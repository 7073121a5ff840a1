{{ named_dimension(
    "channel",
    [
        {"model": "int_quote_header", "column": "channel", "moment": "created_at", "applied": false},
        {"model": "int_order_state", "column": "channel", "moment": "submitted_at", "applied": false},
    ],
) }}
