{{ named_dimension(
    "sales_team",
    [
        {"model": "int_quote_header", "column": "sales_team", "moment": "created_at", "applied": false},
    ],
) }}
