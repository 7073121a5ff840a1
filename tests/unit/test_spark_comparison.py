"""The comparison of the engines tells every difference, and nothing else."""

from datetime import datetime
from decimal import Decimal

import pytest

from orchestration.errors import Refused
from orchestration.warehouse.checksums import RelationChecksum
from orchestration.warehouse.spark import differing_checksums, differing_rows

MARTS = [RelationChecksum("dim_currency", 2, 11), RelationChecksum("fact_line", 3, 12)]


def test_equal_marts_have_nothing_to_tell() -> None:
    assert differing_checksums(MARTS, list(reversed(MARTS))) == []


@pytest.mark.parametrize("other", [RelationChecksum("fact_line", 3, 13), RelationChecksum("fact_line", 4, 12)])
def test_another_checksum_or_count_is_told(other: RelationChecksum) -> None:
    told = differing_checksums(MARTS, [MARTS[0], other])
    assert len(told) == 1 and told[0].startswith("fact_line: DuckDB 3 rows, checksum 12, Spark ")


def test_a_mart_on_one_side_only_is_told() -> None:
    assert differing_checksums(MARTS, MARTS[:1]) == ["fact_line: DuckDB 3 rows, checksum 12, Spark nothing"]
    assert differing_checksums(MARTS[:1], MARTS) == ["fact_line: DuckDB nothing, Spark 3 rows, checksum 12"]


def test_nothing_compared_is_refused() -> None:
    with pytest.raises(Refused, match="nothing was compared"):
        differing_checksums([], [])


def test_rows_are_equal_by_value_in_any_order() -> None:
    left = [{"n": 1, "amount": Decimal("1.5000")}, {"n": 2, "amount": None}]
    right = [{"amount": None, "n": Decimal("2")}, {"amount": Decimal("1.50"), "n": 1}]
    assert differing_rows("recon_x", left, right) == []


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("amount", Decimal("1.5001")),
        ("amount", None),
        ("checksum", Decimal("12345678901234567890123456789012345678")),
        ("at", datetime(2026, 9, 1, 0, 0, 0, 1)),
        ("text", ""),
        ("flag", False),
    ],
)
def test_one_changed_value_is_told_on_both_sides(column: str, value: object) -> None:
    row = {
        "amount": Decimal("1.5"),
        "checksum": Decimal("12345678901234567890123456789012345679"),
        "at": datetime(2026, 9, 1),
        "text": None,
        "flag": True,
    }
    told = differing_rows("recon_x", [row], [{**row, column: value}])
    assert [line.split(" {")[0] for line in told] == ["recon_x: only in DuckDB", "recon_x: only in Spark"]


def test_a_repeated_row_and_an_empty_relation_are_told() -> None:
    row = {"n": 1}
    assert len(differing_rows("recon_x", [row, row], [row])) == 1
    assert differing_rows("recon_x", [], []) == ["recon_x: no row on either side"]
