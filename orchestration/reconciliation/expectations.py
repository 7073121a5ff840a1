"""Great Expectations over one small table in memory: which partitions have an unequal pair; it gives no verdicts.

Only equality of exact pairs is asked of it, on columns of Python objects (int, Decimal, str): bounds go through binary
floats there, a row condition that matches nothing passes, and so does an empty batch, which is refused here.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from orchestration.errors import Unusable
from orchestration.reconciliation.great_expectations_import import lean_imports

if TYPE_CHECKING:
    from great_expectations.data_context.data_context.ephemeral_data_context import EphemeralDataContext

Row = Mapping[str, Any]


def unequal_partitions(key: str, rows: Sequence[Row], pairs: Mapping[str, bool]) -> dict[str, set[str]]:
    """Pair → partitions whose left and right differ. `rows` have `partition`, `left_<pair>`, `right_<pair>`.

    `pairs`: name → whether both sides may be NULL. Raises Unusable when there is no row, or when an expectation did not
    look at every row: what was not looked at has not passed.
    """
    if not rows:
        raise Unusable(f"check {key}: no rows to validate")
    context = _context()
    import great_expectations as gx
    import pandas as pd
    from great_expectations.expectations.core.expect_column_pair_values_to_be_equal import (
        ExpectColumnPairValuesToBeEqual,
    )

    columns = ["partition", *(f"{side}_{pair}" for pair in pairs for side in ("left", "right"))]
    frame = pd.DataFrame([{column: row[column] for column in columns} for row in rows], columns=columns, dtype=object)
    suite = gx.ExpectationSuite(name=key)
    for pair, may_be_absent in pairs.items():
        suite.add_expectation(
            ExpectColumnPairValuesToBeEqual(
                column_A=f"left_{pair}",
                column_B=f"right_{pair}",
                ignore_row_if="both_values_are_missing" if may_be_absent else "neither",
                meta={"check_key": key, "pair": pair},
            )
        )
    batch = context.data_sources.pandas_default.read_dataframe(frame)
    validation = batch.validate(
        suite, result_format={"result_format": "COMPLETE", "unexpected_index_column_names": ["partition"]}
    )
    found: dict[str, set[str]] = {}
    for result in validation.results:
        assert result.expectation_config is not None
        pair = result.expectation_config.meta["pair"]
        if result.exception_info.get("raised_exception"):
            raise Unusable(f"check {key}, pair {pair}: {result.exception_info['exception_message']}")
        if result.result["element_count"] != len(rows):
            raise Unusable(f"check {key}, pair {pair}: only {result.result['element_count']} of {len(rows)} rows seen")
        found[pair] = {row["partition"] for row in result.result.get("unexpected_index_list") or []}
        if result.success != (not found[pair]):
            raise Unusable(
                f"check {key}, pair {pair}: success is {result.success}, but it names {found[pair] or 'no row'}"
            )
    if set(found) != set(pairs):
        raise Unusable(f"check {key}: no result for the pairs {sorted(set(pairs) - set(found))}")
    return found


@cache
def _context() -> "EphemeralDataContext":
    """One context per process, in memory, without telemetry and progress bars (they would go to a log)."""
    with lean_imports():
        import great_expectations as gx
        from great_expectations.data_context.types.base import ProgressBarsConfig

    context = gx.get_context(mode="ephemeral")
    context.enable_analytics(False)
    context.variables.progress_bars = ProgressBarsConfig(globally=False, metric_calculations=False)
    return context
