{#
    The ids of aggregates of which a row of this model no longer shows what holds now, because a value that it borrows from another aggregate or the
    as-of time changed. relation: the CTE or model that has every row as it holds now; keys: its grain; columns: the borrowed ones.
#}
{% macro ids_with_changes(id, relation, keys, columns) -%}
    select now_held.{{ id }}
    from {{ relation }} as now_held
    left join {{ this }} as held
        on {% for key in keys %}now_held.{{ key }} = held.{{ key }}{{ " and " if not loop.last }}{% endfor %}
    where
        held.{{ id }} is null
        {%- for column in columns %}
        or held.{{ column }} is distinct from now_held.{{ column }}
        {%- endfor %}
{%- endmacro %}
