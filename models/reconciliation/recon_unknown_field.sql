-- Fields that the contract does not name, at the top of a payload or in the envelope, by event type: they are kept in the lake, and no
-- model reads them.
{% set known_fields = "'" ~ payload_fields() | join("', '") ~ "'" %}
with shape as (
    select
        lake_event.event_type,
        {{ json_field_names("lake_event.payload") }} as payload_fields,
        {{ json_field_names("lake_event.envelope_extra") }} as envelope_fields,
        count(*) as event_count
    from {{ lake_envelopes() }}
    group by
        lake_event.event_type,
        {{ json_field_names("lake_event.payload") }},
        {{ json_field_names("lake_event.envelope_extra") }}
),

field as (
    select
        shape.event_type,
        concat_ws('', 'payload.', payload_field) as field_name,
        shape.event_count
    from shape
    {{ explode("shape.payload_fields", "payload_field") }}
    where concat_ws('', shape.event_type, '.', payload_field) not in ({{ known_fields }})
    union all
    select
        shape.event_type,
        envelope_field as field_name,
        shape.event_count
    from shape
    {{ explode("shape.envelope_fields", "envelope_field") }}
),

unknown as (
    select
        field.event_type,
        field.field_name,
        sum(field.event_count) as event_count
    from field
    group by field.event_type, field.field_name
),

landed as (
    select distinct shape.event_type
    from shape
)

select
    'unknown_field' as check_key,
    landed.event_type as partition,
    'source' as kind,
    'warning' as severity,
    count(unknown.field_name) as left_count,
    cast(0 as bigint) as right_count,
    min(concat_ws('', unknown.field_name, ' in ', cast(unknown.event_count as string), ' events')) as example
from landed
left join unknown on landed.event_type = unknown.event_type
group by landed.event_type
