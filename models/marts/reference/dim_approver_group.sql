{{ named_dimension(
    "approver_group",
    [
        {"model": "stg_cpq__approval_requested", "column": "approver_group", "moment": "event_time", "applied": true},
        {"model": "stg_cpq__approval_reassigned", "column": "approver_group", "moment": "event_time", "applied": true},
    ],
) }}
