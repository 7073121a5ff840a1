{# The net to be billed for one period of an item: whole, or per period, the last of which takes what is left; none outside of the term. #}
{% macro net_of_period(terms, period) -%}
    case
        when {{ terms }}.order_item_id is null or {{ terms }}.is_cancelled then 0
        when {{ terms }}.period_months is null then {{ terms }}.net_amount
        when {{ period }} < 0 or {{ period }} >= {{ terms }}.period_count then 0
        when {{ period }} = {{ terms }}.period_count - 1
            then {{ terms }}.net_amount - {{ terms }}.recurring_net_amount * ({{ terms }}.period_count - 1)
        else {{ terms }}.recurring_net_amount
    end
{%- endmacro %}

{# The month of the last day of a billing period; of an item that is billed whole the month of its completion. #}
{% macro month_of_period_end(terms, period) -%}
    case
        when {{ terms }}.period_months is null then {{ month_text(terms ~ ".completed_date") }}
        else {{ month_text_of_number(
            month_number(terms ~ ".start_date") ~ " + (" ~ period ~ " + 1) * " ~ terms ~ ".period_months"
            ~ " - case when extract(day from " ~ terms ~ ".start_date) = 1 then 1 else 0 end"
        ) }}
    end
{%- endmacro %}

{# What names a row of the chain, as one text: rows of several legs with one key are of one line, item and period. #}
{% macro chain_key(relation) -%}
    concat_ws(
        '|'
        {%- for column in ["quote_id", "quote_line_id", "order_id", "order_item_id", "document_id", "currency"] %}
        , coalesce({{ escaped(relation ~ "." ~ column) }}, '')
        {%- endfor %}
        , cast({{ relation }}.billing_period as string)
    )
{%- endmacro %}

{# The columns of a leg, each with what it is where a leg does not know it. #}
{% macro leg_defaults() -%}
    {{ return({
        "quote_id": "cast(null as string)",
        "quote_revision": "cast(null as bigint)",
        "quote_line_id": "cast(null as string)",
        "order_id": "cast(null as string)",
        "order_item_id": "cast(null as string)",
        "asset_id": "cast(null as string)",
        "document_id": "cast(null as string)",
        "billing_period": "0",
        "billing_period_end_month": "cast(null as string)",
        "currency": "cast(null as string)",
        "is_due": "false",
        "left_net_amount": "0",
        "right_net_amount": "0",
        "credited_net_amount": "0",
        "over_net_amount": "0",
        "under_net_amount": "0",
        "rounded_amount_count": "1",
        "leg_class": "cast(null as string)",
        "clears_by_date": "cast(null as date)",
        "left_event_ids": "cast(null as string)",
        "right_event_ids": "cast(null as string)",
        "has_gap": "false",
        "has_stale_event": "false",
        "has_open_conflict": "false",
    }) }}
{%- endmacro %}

{# One leg as rows of that shape. known: the columns that the model has; given: what others are instead of their default. #}
{% macro leg_rows(leg, model, known, given={}) -%}
    select
        '{{ leg }}' as leg
        {%- for column, default in leg_defaults().items() %}
        {%- set value = given[column] if column in given else "part." ~ column if column in known else default %}
        , {{ money(value) if column.endswith("_net_amount") else value }} as {{ column }}
        {%- endfor %}
    from {{ ref(model) }} as part
{%- endmacro %}

{# The day by which something is to be done, days being counted from another day. #}
{% macro grace_after(day, days=none) -%}
    {{ add_days("cast(" ~ day ~ " as date)", days or var("billing_grace_days")) }}
{%- endmacro %}

{# Whether the as-of time is not past the end of a day. #}
{% macro is_within(day) -%}
    (cast({{ as_of() }} as date) <= {{ day }})
{%- endmacro %}
