-- approval_inbox against the approval requests in the lake that nobody decided, recalled or invalidated: each once, by month of request.
with ended as (
    {% for event in ["decided", "recalled", "invalidated"] -%}
    select happened.approval_request_id
    from {{ counted_events("stg_cpq__approval_" ~ event) }} as happened
    where happened.is_counted
    {% if not loop.last -%}
    union
    {% endif -%}
    {% endfor %}
),

lake_row as (
    select
        requested.is_in_force and ended.approval_request_id is null as is_counted,
        requested.approval_request_id,
        requested.event_time as status_since
    from {{ in_force("stg_cpq__approval_requested", ["approval_request_id"]) }} as requested
    left join ended on requested.approval_request_id = ended.approval_request_id
    union all
    -- Requests that were only reassigned: they wait too.
    select distinct
        true as is_counted,
        reassigned.approval_request_id,
        cast(null as timestamp) as status_since
    from {{ counted_events("stg_cpq__approval_reassigned") }} as reassigned
    left join ended on reassigned.approval_request_id = ended.approval_request_id
    where
        reassigned.is_counted
        and ended.approval_request_id is null
        and reassigned.approval_request_id not in (
            select requested.approval_request_id
            from {{ counted_events("stg_cpq__approval_requested") }} as requested
            where requested.is_counted
        )
),

{{ row_pair_sides(
    "approval_inbox", "approval_inbox", "status_since", {"approval_request_id": "varchar", "status_since": "timestamp"},
) }}
