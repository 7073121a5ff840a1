{# The window of a KPI in seconds: the register has it in days. #}
{% macro kpi_window_seconds(kpi_id) -%}
    (select register.window_days * 86400 from {{ ref("kpi_register") }} as register where register.kpi_id = {{ kpi_id }})
{%- endmacro %}
