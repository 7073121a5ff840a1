-- What happened to each revision of a quote, as one list: the events that move its status.
{% set status_of_event = {
    "quote_created": "CREATED",
    "quote_revised": "CREATED",
    "quote_priced": "PRICED",
    "quote_submitted_for_approval": "SUBMITTED",
    "quote_approved": "APPROVED",
    "quote_sent": "SENT",
    "quote_accepted": "ACCEPTED",
    "quote_rejected": "REJECTED",
    "quote_expired": "EXPIRED",
    "quote_cancelled": "CANCELLED",
} %}
{% for event, status in status_of_event.items() -%}
select
    {{ event }}.quote_id,
    {{ event }}.quote_revision,
    {{ event }}.aggregate_version,
    {{ event }}.event_time,
    {{ event }}.arrival_seq,
    '{{ status }}' as revision_status
from {{ ref("stg_cpq__" ~ event) }} as {{ event }}
{% if not loop.last -%}
union all
{% endif -%}
{% endfor -%}
