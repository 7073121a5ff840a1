-- KPI 14: what entered and what left the stock of unknown tasks; the stock is the one less the other, so the roll-forward ties.
with stretch as (
    select
        unknown.*,
        {{ canonical_text([
            {"name": "unknown.task_id", "data_type": "varchar"}, {"name": "unknown.aggregate_version", "data_type": "bigint"},
        ]) }} as stretch_id
    from {{ ref("int_unknown_outcome") }} as unknown
)

{% for moment, sign in {"entered": "1", "resolved": "-1"}.items() -%}
select
    {{ kpi_columns(
        "unknown_outcome_count", "concat_ws('', '" ~ moment ~ " ', stretch.stretch_id)", "stretch." ~ moment ~ "_at",
        order_id="stretch.order_id", numerator=sign,
    ) }}
from stretch
where stretch.{{ moment }}_at is not null
union all
select
    {{ kpi_columns(
        "unknown_outcome_" ~ moment ~ "_count", "stretch.stretch_id", "stretch." ~ moment ~ "_at", order_id="stretch.order_id", numerator="1",
    ) }}
from stretch
where stretch.{{ moment }}_at is not null
{% if not loop.last -%}
union all
{% endif -%}
{% endfor -%}
