{{ named_dimension(
    "owner_team",
    [
        {"model": "int_fulfillment_task_state", "column": "owner_team", "moment": "created_at", "applied": false},
        {"model": "int_fallout_case_event", "column": "owner_team", "moment": "event_time", "applied": true},
    ],
) }}
