{# An exact sum over this model equals an exact sum over another, group by group; a group on one side only is a difference. #}
{% test sum_equality(model, expression, to, to_expression, group_by, where="true", to_where="true") %}
with here as (
    select {{ group_by | join(", ") }}, cast(coalesce(sum({{ expression }}), 0) as decimal(38, 4)) as amount
    from {{ model }}
    where {{ where }}
    group by {{ group_by | join(", ") }}
),

there as (
    select {{ group_by | join(", ") }}, cast(coalesce(sum({{ to_expression }}), 0) as decimal(38, 4)) as amount
    from {{ to }}
    where {{ to_where }}
    group by {{ group_by | join(", ") }}
)

(select * from here except all select * from there)
union all
(select * from there except all select * from here)
{% endtest %}
