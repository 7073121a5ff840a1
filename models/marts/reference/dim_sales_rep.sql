{{ named_dimension(
    "sales_rep_id",
    [
        {"model": "int_quote_header", "column": "sales_rep_id", "moment": "created_at", "applied": false},
    ],
) }}
