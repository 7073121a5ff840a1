-- KPI 17: lines accepted below the authorised minimum, in the currency of the quote. A line in scope without a minimum has no leakage that
-- anybody could tell, and is still part of what leakage is held against.
with line as (
    select
        leakage.*,
        {{ canonical_text([
            {"name": "leakage.quote_id", "data_type": "varchar"}, {"name": "leakage.quote_line_id", "data_type": "varchar"},
        ]) }} as line_id,
        lower(leakage.not_assessable_reason) as exclusion
    from {{ ref("fact_discount_leakage") }} as leakage
    where leakage.assessment <> 'OUT_OF_SCOPE'
)

select
    {{ kpi_columns(
        "discount_leakage", "line.line_id", "line.accepted_at", quote_id="line.quote_id", numerator="coalesce(line.leakage_amount, 0)",
        split_value="line.currency", exclusion="line.exclusion",
    ) }}
from line
union all
select
    {{ kpi_columns(
        "discount_leakage_rate", "line.line_id", "line.accepted_at", quote_id="line.quote_id", numerator="coalesce(line.leakage_amount, 0)",
        denominator="coalesce(line.scope_list_amount, 0)", split_value="line.currency",
        exclusion="case when not line.is_in_scope then line.exclusion end",
    ) }}
from line
union all
select
    {{ kpi_columns(
        "discount_leakage_line_rate", "line.line_id", "line.accepted_at", quote_id="line.quote_id",
        numerator=one_if("line.assessment = 'LEAKED'"), denominator="1", exclusion="line.exclusion",
    ) }}
from line
