-- fact_order_submission_attempt against the calls in the lake.
{{ attempt_pair_sides(
    "order_submission_attempt", "fact_order_submission_attempt", "stg_oms__order_submission_attempted", "order_id",
    success="ACCEPTED", failure="REJECTED",
) }}
