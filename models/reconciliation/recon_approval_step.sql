-- fact_approval_step against the last ApprovalRequested of each request that the lake holds, with its last decision.
with decision_in_lake as (
    select
        decided.approval_request_id,
        max_by(decided.decision, decided.aggregate_version) as decision,
        max_by(decided.event_time, decided.aggregate_version) as decided_at
    from {{ counted_events("stg_cpq__approval_decided") }} as decided
    where decided.is_counted
    group by decided.approval_request_id
),

lake_row as (
    select
        requested.is_in_force as is_counted,
        requested.approval_request_id,
        requested.quote_id,
        requested.quote_revision,
        requested.submission_sequence,
        requested.event_time as requested_at,
        decision_in_lake.decision,
        decision_in_lake.decided_at
    from {{ in_force("stg_cpq__approval_requested", ["approval_request_id"]) }} as requested
    left join decision_in_lake on requested.approval_request_id = decision_in_lake.approval_request_id
    union all
    -- Requests of which only later events arrived.
    select distinct
        true as is_counted,
        lake_event.aggregate_id as approval_request_id,
        cast(null as string) as quote_id,
        cast(null as bigint) as quote_revision,
        cast(null as bigint) as submission_sequence,
        cast(null as timestamp) as requested_at,
        decision_in_lake.decision,
        decision_in_lake.decided_at
    from {{ lake_envelopes() }}
    left join {{ ref("recon_event_set_aside") }} as set_aside on lake_event.arrival_seq = set_aside.arrival_seq
    left join decision_in_lake on lake_event.aggregate_id = decision_in_lake.approval_request_id
    where
        set_aside.arrival_seq is null
        and lake_event.aggregate_type = 'ApprovalRequest'
        and lake_event.aggregate_id not in (
            select requested.approval_request_id
            from {{ counted_events("stg_cpq__approval_requested") }} as requested
            where requested.is_counted
        )
),

{{ row_pair_sides(
    "approval_step", "fact_approval_step", "requested_at",
    {
        "approval_request_id": "varchar", "quote_id": "varchar", "quote_revision": "bigint", "submission_sequence": "bigint",
        "requested_at": "timestamp", "decision": "varchar", "decided_at": "timestamp",
    },
) }}
