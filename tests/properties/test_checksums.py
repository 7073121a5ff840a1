"""The checksum of a relation equals its definition computed row by row in plain Python, and any change moves it."""

import hashlib
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestration.errors import Unusable
from orchestration.warehouse.checksums import (
    RelationChecksum,
    data_version,
    excluded_columns,
    relation_checksum,
    schema_checksums,
)

COLUMNS = {
    "quote_id": "varchar",
    "amount": "decimal(18,4)",
    "rate": "decimal(18,8)",
    "quantity": "bigint",
    "is_open": "boolean",
    "created_at": "timestamp",
    "due_on": "date",
}
rows = st.fixed_dictionaries(
    {
        "quote_id": st.none() | st.text(alphabet="a|\\N é0", max_size=6),
        "amount": st.none() | st.decimals(-(10**13), 10**13, places=4),
        "rate": st.none() | st.decimals(-1000, 1000, places=8),
        "quantity": st.none() | st.integers(-(2**63), 2**63 - 1),
        "is_open": st.none() | st.booleans(),
        "created_at": st.none() | st.datetimes(datetime(1900, 1, 1), datetime(2999, 1, 1)),
        "due_on": st.none() | st.dates(date(1900, 1, 1), date(2999, 1, 1)),
    }
)


def text(value: Any, column: str) -> str:
    if value is None:
        return r"\N"
    if column == "amount":
        shown = str(int(value * 10000))
    elif isinstance(value, bool):
        shown = "true" if value else "false"
    elif isinstance(value, Decimal):
        shown = f"{value + 0:.8f}"
        shown = shown.removeprefix("-") if Decimal(shown) == 0 else shown
    elif isinstance(value, datetime):
        shown = str((value.replace(tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1))
    else:
        shown = str(value)
    return shown.replace("\\", "\\\\").replace("|", "\\|")


def by_hand(content: list[dict[str, Any]]) -> RelationChecksum:
    total = 0
    for row in content:
        line = "|".join(text(row[column], column) for column in sorted(COLUMNS))
        total += int(hashlib.md5(line.encode()).hexdigest()[:15], 16)
    return RelationChecksum("facts", len(content), total)


def relation(content: list[dict[str, Any]]) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute("create schema marts")
    connection.execute(f"create table marts.facts ({', '.join(f'{n} {t}' for n, t in COLUMNS.items())})")
    for row in content:
        connection.execute(f"insert into marts.facts values ({', '.join('?' * len(row))})", [row[c] for c in COLUMNS])
    return connection


@given(st.lists(rows, max_size=6))
@settings(max_examples=40, deadline=None)
def test_equals_the_definition_in_any_order(content: list[dict[str, Any]]) -> None:
    assert relation_checksum(relation(content), "facts") == by_hand(content)
    assert relation_checksum(relation(content[::-1]), "facts") == by_hand(content)


BASE: dict[str, Any] = {
    "quote_id": "q1",
    "amount": Decimal("10.0000"),
    "rate": None,
    "quantity": 1,
    "is_open": True,
    "created_at": datetime(2026, 1, 1),
    "due_on": date(2026, 1, 1),
}


@pytest.mark.parametrize(
    "change",
    [
        {"quote_id": None},
        {"quote_id": r"\N"},
        {"amount": Decimal("10.0001")},
        {"amount": Decimal("-10.0000")},
        {"quantity": None},
        {"is_open": False},
        {"created_at": datetime(2026, 1, 1, 0, 0, 0, 1)},
        {"due_on": date(2026, 1, 2)},
    ],
)
def test_any_changed_value_moves_it(change: dict[str, Any]) -> None:
    before = relation_checksum(relation([BASE]), "facts")
    after = relation_checksum(relation([BASE | change]), "facts")
    assert before.checksum != after.checksum


def test_values_swapped_between_rows_move_it() -> None:
    other = BASE | {"quote_id": "q2", "amount": Decimal("20.0000")}
    swapped = [BASE | {"amount": other["amount"]}, other | {"amount": BASE["amount"]}]
    before, after = relation_checksum(relation([BASE, other]), "facts"), relation_checksum(relation(swapped), "facts")
    assert before.checksum != after.checksum


def test_a_float_has_no_checksum() -> None:
    connection = duckdb.connect()
    connection.execute("create schema marts; create table marts.facts (amount double)")
    with pytest.raises(Unusable, match=r"marts.facts: column amount has the type DOUBLE"):
        relation_checksum(connection, "facts")


def test_a_missing_relation_is_told() -> None:
    with pytest.raises(Unusable, match="does not exist"):
        relation_checksum(duckdb.connect(), "facts")


def test_excluded_columns_do_not_count() -> None:
    connection = relation([BASE])
    with pytest.raises(Unusable, match="checksum_exclusion"):
        schema_checksums(connection)
    connection.execute(
        "create schema audit; create table audit.checksum_exclusion (relation varchar, column_name varchar)"
    )
    connection.execute("insert into audit.checksum_exclusion values ('facts', 'quantity')")
    assert excluded_columns(connection) == {"facts": {"quantity"}}
    [before] = schema_checksums(connection)
    connection.execute("update marts.facts set quantity = 99")
    assert schema_checksums(connection) == [before]
    connection.execute("update marts.facts set amount = 99")
    assert schema_checksums(connection) != [before]


def test_reads_an_attached_database(tmp_path: Any) -> None:
    connection = relation([BASE])
    connection.execute(f"attach '{tmp_path}/release.duckdb' as release_file")
    connection.execute("create schema release_file.marts; create table release_file.marts.facts as from marts.facts")
    copied = relation_checksum(connection, "facts", database="release_file")
    assert copied == relation_checksum(connection, "facts") == by_hand([BASE])


def test_data_version_depends_on_each_part() -> None:
    marts = [RelationChecksum("a", 1, 10), RelationChecksum("b", 2, 20)]
    base = data_version(marts, lake_high_water=3, as_of="2026-01-01T00:00:00Z")
    assert data_version(marts[::-1], lake_high_water=3, as_of="2026-01-01T00:00:00Z") == base
    others = {
        data_version(marts[:1], lake_high_water=3, as_of="2026-01-01T00:00:00Z"),
        data_version([marts[0], RelationChecksum("b", 2, 21)], lake_high_water=3, as_of="2026-01-01T00:00:00Z"),
        data_version([marts[0], RelationChecksum("b", 3, 20)], lake_high_water=3, as_of="2026-01-01T00:00:00Z"),
        data_version(marts, lake_high_water=4, as_of="2026-01-01T00:00:00Z"),
        data_version(marts, lake_high_water=3, as_of="2026-01-02T00:00:00Z"),
    }
    assert len(others | {base}) == 6
