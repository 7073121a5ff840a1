-- KPI 21: captured lines priced again by this build, so they belong to the month of its as-of time; the month of the pricing is a split.
-- Drift, the same line from the price of today, is held apart: it says nothing of the replay.
with line as (
    select
        replay.*,
        {{ canonical_text([
            {"name": "replay.quote_id", "data_type": "varchar"}, {"name": "replay.quote_revision", "data_type": "bigint"},
            {"name": "replay.quote_line_id", "data_type": "varchar"},
        ]) }} as line_id,
        lower(replay.not_replayable_reason) as exclusion,
        {{ month_text_of_key("replay.priced_date_key") }} as captured_month
    from {{ ref("fact_price_replay") }} as replay
)

{% for measure, split in {
    "price_replay_mismatch_rate": "''", "price_replay_mismatch_by_capture_month": "line.captured_month",
}.items() -%}
select
    {{ kpi_columns(
        measure, "line.line_id", "line.replayed_as_of", quote_id="line.quote_id", numerator=one_if("line.replay_status = 'MISMATCH'"),
        denominator="1", split_value=split, exclusion="line.exclusion",
    ) }}
from line
union all
{% endfor -%}
select
    {{ kpi_columns(
        "price_drift_rate", "line.line_id", "line.replayed_as_of", quote_id="line.quote_id", numerator=one_if("line.has_price_drift"),
        denominator="1", exclusion="coalesce(line.exclusion, case when line.has_price_drift is null then 'no_current_price' end)",
    ) }}
from line
