{# A staging model with is_counted: whether its event applies, told from the lake alone (recon_event_set_aside). #}
{% macro counted_events(staging_model) -%}
    (
        select
            staged.*,
            set_aside.arrival_seq is null as is_counted
        from {{ ref(staging_model) }} as staged
        left join {{ ref("recon_event_set_aside") }} as set_aside on staged.arrival_seq = set_aside.arrival_seq
    )
{%- endmacro %}

{#
    A fact of events against the CTE lake_row that stands before, by month (none where there is no time) and, where amounts are summed, currency: count,
    exact sums, checksum of the content. lake_row says it from staging: is_counted (false keeps the month of an event that makes no row), and
    every column under the name that it has in the mart. happened_at: the time that says the month; columns: name → data type of what is compared;
    expressions: for those that are no columns of the mart under their name, what they are there.
#}
{% macro row_pair_sides(check_key, mart, happened_at, columns, sums=[], expressions={}) -%}
{%- set keys = ["month", "currency"] if sums else ["month"] -%}
mart_row as (
    select
        true as is_counted,
        {%- for column in columns %}
        {{ expressions[column] ~ " as " ~ column if column in expressions else "mart." ~ column }},
        {%- endfor %}
        {{ expressions.get(happened_at, "mart." ~ happened_at) }} as partitioned_at
    from {{ ref(mart) }} as mart
),

{% for side in ["lake", "mart"] -%}
{{ side }}_side as (
    select
        coalesce({{ month_text("row_of_side." ~ ("partitioned_at" if side == "mart" else happened_at)) }}, 'none') as month,
        {%- if sums %}
        coalesce(row_of_side.currency, 'none') as currency,
        {%- endif %}
        sum(case when row_of_side.is_counted then 1 else 0 end) as count,
        {%- for amount in sums %}
        {{ exact_sum("case when row_of_side.is_counted then row_of_side." ~ amount ~ " end") }} as {{ amount }},
        {%- endfor %}
        {{ content_checksum(columns, "row_of_side.is_counted") }} as checksum
    from {{ side }}_row as row_of_side
    group by 1{{ ", 2" if sums }}
){{ "," if not loop.last }}

{% endfor -%}
{{ pair_sides(check_key, check_key, keys, ["count"] + sums + ["checksum"]) }}
{%- endmacro %}
