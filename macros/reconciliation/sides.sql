{# The month of a date key (yyyymmdd) as text; NULL where the key is. #}
{% macro month_text_of_key(date_key) -%}
    substr(lpad(cast({{ date_key }} as string), 8, '0'), 1, 4) || '-' || substr(lpad(cast({{ date_key }} as string), 8, '0'), 5, 2)
{%- endmacro %}

{#
    Two CTEs of an integrity check side by side, a row of either kept where the other has none (0 there): the pairs that a suite in
    expectations/ compares. keys: columns that both have and that make up the partition, after its first part; measures: columns that both have.
#}
{% macro pair_sides(check_key, partition, keys, measures, left="lake_side", right="mart_side") -%}
select
    '{{ check_key }}' as check_key,
    concat_ws(
        '', '{{ partition }}'{% for key in keys %}, '/', coalesce({{ left }}.{{ key }}, {{ right }}.{{ key }}){% endfor %}
    ) as partition,
    'integrity' as kind,
    'critical' as severity,
    {%- for measure in measures %}
    coalesce({{ left }}.{{ measure }}, 0) as left_{{ measure }},
    coalesce({{ right }}.{{ measure }}, 0) as right_{{ measure }}{{ "," if not loop.last }}
    {%- endfor %}
from {{ left }}
full outer join {{ right }}
    on {% for key in keys %}{{ left }}.{{ key }} = {{ right }}.{{ key }}{{ " and " if not loop.last }}{% endfor %}
{%- endmacro %}

{# An exact sum of amounts. #}
{% macro exact_sum(expression) -%}
    cast(coalesce(sum({{ expression }}), 0) as decimal(38, 4))
{%- endmacro %}

{# The sum of row checksums over the rows that meet the condition. columns: name → data type, named alike on both sides. #}
{% macro content_checksum(columns, condition="true") -%}
    {%- set described = [] -%}
    {%- for name, data_type in columns.items() -%}
        {%- do described.append({"name": name, "data_type": data_type}) -%}
    {%- endfor -%}
    cast(coalesce(sum(case when {{ condition }} then {{ row_checksum(described) }} end), 0) as decimal(38, 0))
{%- endmacro %}

{#
    A staging model with is_in_force: of the events with the same values in `per`, the one with the highest version that applies. Says it from the lake
    alone (recon_event_set_aside), not by the models that it is to check.
#}
{% macro in_force(staging_model, per) -%}
    (
        select
            staged.*,
            last_applied.arrival_seq is not null as is_in_force
        from {{ ref(staging_model) }} as staged
        left join (
            select max_by(applied.arrival_seq, applied.aggregate_version) as arrival_seq
            from {{ ref(staging_model) }} as applied
            left join {{ ref("recon_event_set_aside") }} as set_aside on applied.arrival_seq = set_aside.arrival_seq
            where set_aside.arrival_seq is null
            group by {% for column in per %}applied.{{ column }}{{ ", " if not loop.last }}{% endfor %}
        ) as last_applied on staged.arrival_seq = last_applied.arrival_seq
    )
{%- endmacro %}

{# A window [start, end) as text: the month where it is one, else both days. Without a window (is_window false) the month of its start. #}
{% macro window_text(period_start, period_end, is_window) -%}
    case
        when not {{ is_window }} then {{ month_text(period_start) }}
        when
            extract(day from {{ period_start }}) = 1 and extract(day from {{ period_end }}) = 1
            and extract(year from {{ period_end }}) * 12 + extract(month from {{ period_end }})
            - extract(year from {{ period_start }}) * 12 - extract(month from {{ period_start }}) = 1
            then {{ month_text(period_start) }}
        else concat_ws('', cast({{ period_start }} as string), '..', cast({{ period_end }} as string))
    end
{%- endmacro %}

{# The sum of one amount over a list of structs; NULL for an empty list. #}
{% macro list_total(list, field) -%}
    {{ return(adapter.dispatch("list_total", "tieout")(list, field)) }}
{%- endmacro %}

{% macro duckdb__list_total(list, field) -%}
    cast(list_sum(list_transform({{ list }}, lambda element: element.{{ field }})) as decimal(38, 4))
{%- endmacro %}

{% macro spark__list_total(list, field) -%}
    case
        when exists({{ list }}, element -> element.{{ field }} is not null) then aggregate(
            {{ list }},
            cast(0 as decimal(38, 4)),
            (total, element) -> cast(total + coalesce(element.{{ field }}, 0) as decimal(38, 4))
        )
    end
{%- endmacro %}

{#
    The lines of events in force against those of a mart, by month and currency: count, exact sums, checksum of the content. The CTEs lake_line and mart_line
    stand before (another word than line: rows), each with month, currency, is_in_force (true in the mart) and every column under one name.
    columns: name → data type of the content; sums: amounts that are added up.
#}
{% macro line_pair_sides(check_key, partition, columns, sums, rows="line") -%}
{% for side in ["lake", "mart"] -%}
{{ side }}_side as (
    select
        line.month,
        line.currency,
        count(*) filter (where line.is_in_force) as count,
        {%- for amount in sums %}
        {{ exact_sum("case when line.is_in_force then line." ~ amount ~ " end") }} as {{ amount }},
        {%- endfor %}
        {{ content_checksum(columns, "line.is_in_force") }} as checksum
    from {{ side }}_{{ rows }} as line
    group by line.month, line.currency
){{ "," if not loop.last }}

{% endfor -%}
{{ pair_sides(check_key, partition, ["month", "currency"], ["count"] + sums + ["checksum"]) }}
{%- endmacro %}

{# The last version of each aggregate of a type that applies, told from the lake's envelopes alone (recon_event_set_aside). #}
{% macro last_versions_in_lake(aggregate_type) -%}
    (
        select
            lake_event.aggregate_id,
            max(lake_event.aggregate_version) as source_version
        from {{ lake_envelopes() }}
        left join {{ ref("recon_event_set_aside") }} as set_aside on lake_event.arrival_seq = set_aside.arrival_seq
        where lake_event.aggregate_type = '{{ aggregate_type }}' and set_aside.arrival_seq is null
        group by lake_event.aggregate_id
    )
{%- endmacro %}
