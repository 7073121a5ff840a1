{{ named_dimension(
    "approver_group",
    [
        {"model": "int_approval_event", "column": "approver_group", "moment": "event_time", "applied": true},
    ],
) }}
