{{ config(materialized="incremental", incremental_strategy="touched", unique_key="task_id", touched="FulfillmentTask") }}

-- Which task waits for which other one, as the last applied TaskCreated says.
with ranked as (
    select
        created.task_id,
        created.depends_on_task_ids,
        row_number() over (partition by created.task_id order by created.aggregate_version desc) as recency
    from {{ applied_events("stg_oms__task_created", "FulfillmentTask") }} as created
)

select distinct
    ranked.task_id,
    needed_task_id
from ranked
{{ explode("ranked.depends_on_task_ids", "needed_task_id") }}
where ranked.recency = 1
