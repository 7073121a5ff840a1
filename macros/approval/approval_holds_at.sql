{# Whether a request (int_approval_request_state) stands approved at a moment: granted by then, not lapsed, neither recalled nor invalidated by it. #}
{% macro approval_holds_at(request, moment) -%}
    coalesce(
        {{ request }}.decision = 'APPROVED'
        and {{ request }}.decided_at <= {{ moment }}
        and coalesce({{ request }}.valid_until, {{ moment }}) >= {{ moment }}
        and ({{ request }}.recalled_at is null or {{ request }}.recalled_at > {{ moment }})
        and ({{ request }}.invalidated_at is null or {{ request }}.invalidated_at > {{ moment }}),
        false
    )
{%- endmacro %}
