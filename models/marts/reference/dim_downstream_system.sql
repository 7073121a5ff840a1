{{ named_dimension(
    "downstream_system",
    [
        {"model": "int_fulfillment_task_state", "column": "downstream_system", "moment": "created_at", "applied": false},
        {"model": "stg_oms__fallout_opened", "column": "downstream_system", "moment": "event_time", "applied": true},
    ],
) }}
