-- fact_quote_conversion_attempt against the calls in the lake.
{{ attempt_pair_sides(
    "quote_conversion_attempt", "fact_quote_conversion_attempt", "stg_cpq__quote_conversion_attempted", "quote_id",
    success="SUCCEEDED", failure="FAILED",
) }}
