{# At least this many rows. #}
{% test not_empty(model, at_least=1) %}
select count(*) as row_count
from {{ model }}
having count(*) < {{ at_least }}
{% endtest %}
