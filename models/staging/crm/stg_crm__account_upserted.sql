with parsed as (
    select
        {{ event_columns("lake_event") }},
        {{ parse_payload("lake_event.payload", "AccountUpserted") }} as data
    from {{ lake_events("reference", "AccountUpserted") }}
)

select
    {{ event_columns("parsed") }},
    parsed.aggregate_id as account_id,
    parsed.data.name as account_name,
    parsed.data.legalName as legal_name,
    parsed.data.segment as segment,
    parsed.data.region as region,
    parsed.data.country as country,
    parsed.data.ownerId as owner_id,
    parsed.data.partnerId as partner_id,
    parsed.data.priority as priority,
    parsed.data.isTest as is_test
from parsed
