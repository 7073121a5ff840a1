{{ named_dimension(
    "downstream_system",
    [
        {"model": "int_fulfillment_task_state", "column": "downstream_system", "moment": "created_at", "applied": false},
        {"model": "int_fallout_case_event", "column": "downstream_system", "moment": "event_time", "applied": true},
    ],
) }}
