{#
    The quotes of which a line is no longer replayed from the unit price that this model's rows have: an entry of its price book came late, or
    another price holds at the as-of time. A line without a unit price has no row, and a row without one anymore has to go.
#}
{% macro ids_with_changed_unit_price() -%}
    {%- for basis in ["pinned", "current"] -%}
    select line.quote_id
    from {{ ref("int_price_replay_line") }} as line
    left join {{ this }} as held
        on
            line.quote_id = held.quote_id
            and line.quote_revision = held.quote_revision
            and line.quote_line_id = held.quote_line_id
            and held.price_basis = '{{ basis | upper }}'
    where held.unit_price is distinct from case when line.missing_input is null then line.{{ basis }}_unit_price end
    {{ "union all" if not loop.last }}
    {% endfor -%}
{%- endmacro %}

{# Before new rows: the strategy deletes quotes that get rows, not those that have none anymore. #}
{% macro delete_changed_unit_price() -%}
    {{ return(adapter.dispatch("delete_changed_unit_price", "tieout")()) }}
{%- endmacro %}

{% macro duckdb__delete_changed_unit_price() -%}
    {%- if is_incremental() -%}
    delete from {{ this }} where quote_id in ({{ ids_with_changed_unit_price() }})
    {%- endif -%}
{%- endmacro %}

{# The same for the mart that shows the inputs themselves and why there is no replay. #}
{% macro ids_with_changed_replay_input() -%}
    select line.quote_id
    from {{ ref("int_price_replay_line") }} as line
    left join {{ this }} as held
        on
            line.quote_id = held.quote_id
            and line.quote_revision = held.quote_revision
            and line.quote_line_id = held.quote_line_id
    where
        line.missing_input is distinct from nullif(held.not_replayable_reason, 'AMOUNT_TOO_LARGE')
        {%- for column in [
            "price_book_entry_id", "price_book_event_id", "pinned_unit_price", "current_price_book_version", "current_unit_price",
        ] %}
        or line.{{ column }} is distinct from held.{{ column }}
        {%- endfor %}
{%- endmacro %}
