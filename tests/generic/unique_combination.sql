{# The grain: no two rows have the same values in these columns, and none of them is NULL. #}
{% test unique_combination(model, columns) %}
select {{ columns | join(", ") }}, count(*) as row_count
from {{ model }}
group by {{ columns | join(", ") }}
having count(*) > 1 or {{ columns | join(" is null or ") }} is null
{% endtest %}
