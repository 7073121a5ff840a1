"""Verdicts per partition, through Great Expectations: nothing that was not looked at passes."""

from decimal import Decimal
from typing import Any

import pytest

from orchestration.errors import Unusable
from orchestration.reconciliation import expectations, judge
from orchestration.reconciliation.suites import Check

CHECK = Check("lines", "", "recon_lines", "integrity", "critical", {"count": False, "amount": True}, ())
SOURCE = Check("control", "", "recon_control", "source", "critical", {"count": False, "amount": True}, ())
WARNING = Check("stale", "", "recon_stale", "source", "warning", {"count": False}, ())
CANARY = Check("canary", "", "recon_canary", "canary", "critical", {"count": False, "amount": False}, ())


def row(partition: str, check: Check = CHECK, **change: Any) -> dict[str, Any]:
    amount = Decimal("12345678901234.5678")
    return {
        "check_key": check.key,
        "partition": partition,
        "kind": check.kind,
        "severity": check.severity,
        "left_count": 3,
        "right_count": 3,
        "left_amount": amount,
        "right_amount": amount,
    } | change


def verdicts(found: list[judge.Finding]) -> dict[str, str]:
    return {finding.result.partition: finding.result.verdict for finding in found}


def test_each_partition_gets_its_verdict() -> None:
    rows = [
        row("a"),
        row("b", right_count=2),
        row("c", right_amount=Decimal("12345678901234.5679")),
        row("d", left_amount=None, right_amount=None),
        row("e", left_amount=None),
        row("f", left_count=None, right_count=None),
    ]
    found = judge.judge(CHECK, rows, {})
    assert verdicts(found) == {"a": "passed", "b": "failed", "c": "failed", "d": "passed", "e": "failed", "f": "failed"}
    told = {finding.result.partition: finding.result for finding in found}
    assert told["b"].message == "count differs by 1"
    assert told["c"].message == "amount differs by -0.0001"
    assert (told["c"].left, told["c"].right) == (
        "count=3 amount=12345678901234.5678",
        "count=3 amount=12345678901234.5679",
    )
    assert told["e"].message == "amount is missing on the left"
    assert told["d"].left == "count=3"


def test_an_example_is_told_with_a_failure() -> None:
    [found] = judge.judge(CHECK, [row("a", right_count=2, example="Q-1 line 2")], {})
    assert found.result.message == "count differs by 1; for example Q-1 line 2"


def test_no_rows_where_the_lake_has_events_fail() -> None:
    [found] = judge.judge(SOURCE, [], {"quote/2026-10": 7})
    assert found.result.blocking
    assert (found.result.partition, found.result.left, found.result.right) == ("quote/2026-10", "events=7", "rows=0")
    assert found.differences is None


def test_a_missing_partition_fails_beside_those_that_are_there() -> None:
    expected = {"quote/2026-10": 7, "quote/2026-11": 2, "quote/2026-1": 1}
    found = judge.judge(CHECK, [row("quote/2026-10/USD"), row("quote/2026-11")], expected)
    assert verdicts(found) == {"quote/2026-10/USD": "passed", "quote/2026-11": "passed", "quote/2026-1": "failed"}


def test_a_missing_partition_of_a_warning_blocks_all_the_same() -> None:
    [found] = judge.judge(WARNING, [], {"Quote/2026-10": 7})
    assert found.result.blocking


def test_nothing_expected_and_nothing_there_is_said() -> None:
    [found] = judge.judge(CHECK, [], {})
    assert (found.result.verdict, found.result.partition) == ("passed", "none")
    assert found.result.message == "the lake has no event that calls for it"


def test_what_the_source_does_not_publish_is_unproven() -> None:
    [found] = judge.judge(SOURCE, [row("crm/x", SOURCE, is_proven=False, right_count=None, right_amount=None)], {})
    assert (found.result.verdict, found.result.severity, found.result.blocking) == ("unproven", "warning", False)


def test_a_failed_warning_does_not_block() -> None:
    [found] = judge.judge(WARNING, [row("a", WARNING, right_count=0)], {})
    assert (found.result.verdict, found.result.blocking) == ("failed", False)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([row("a"), row("a")], "partition 'a' is empty or stands in more than one row"),
        ([row("")], "partition '' is empty"),
        ([row("a", kind="source")], "recon_lines calls a source/critical, the suite integrity/critical"),
        ([row("a", severity="warning")], "recon_lines calls a integrity/warning"),
    ],
)
def test_rows_that_cannot_be_judged_fail(rows: list[dict[str, Any]], message: str) -> None:
    [found] = judge.judge(CHECK, rows, {})
    assert found.result.blocking
    assert message in found.result.message


def test_rows_that_no_suite_lists_fail() -> None:
    [found] = judge.unlisted("recon_lines", [row("a"), row("a") | {"check_key": "forgotten"}], [CHECK])
    assert found.result.blocking
    assert found.result.key == "forgotten"


WRONG = [row("a", CANARY, right_amount=Decimal("12345678901234.5679")), row("b", CANARY, right_count=4)]


def test_a_canary_passes_when_it_was_seen_to_fail() -> None:
    assert verdicts(judge.judge(CANARY, WRONG, {})) == {"a": "passed", "b": "passed"}


@pytest.mark.parametrize(
    "rows",
    [
        [row("a", CANARY), *WRONG[1:]],
        [*WRONG, row("c", CANARY)],
        WRONG[:1],
        [],
    ],
)
def test_a_canary_that_is_not_wrong_everywhere_fails(rows: list[dict[str, Any]]) -> None:
    assert any(finding.result.blocking for finding in judge.judge(CANARY, rows, {}))


def test_a_library_that_sees_nothing_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judge, "unequal_partitions", lambda key, rows, pairs: {pair: set() for pair in pairs})
    [broken] = judge.judge(CANARY, WRONG, {})
    assert broken.result.blocking
    [other] = judge.judge(CHECK, [row("a", right_count=2)], {})
    assert other.result.blocking
    assert "disagree on count at a" in other.result.message


def test_great_expectations_over_an_empty_batch_is_refused() -> None:
    with pytest.raises(Unusable, match="no rows"):
        expectations.unequal_partitions("lines", [], {"count": False})


def test_great_expectations_passes_an_empty_batch_which_is_why() -> None:
    """Should this ever change, the guard above may go."""
    import pandas as pd
    from great_expectations.expectations.core.expect_column_pair_values_to_be_equal import (
        ExpectColumnPairValuesToBeEqual,
    )

    frame = pd.DataFrame({"left_count": [], "right_count": []}, dtype=object)
    batch = expectations._context().data_sources.pandas_default.read_dataframe(frame)
    assert batch.validate(ExpectColumnPairValuesToBeEqual(column_A="left_count", column_B="right_count")).success
