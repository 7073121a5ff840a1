"""Asking a release: exact answers, and no way to write or to reach another file."""

from pathlib import Path

import duckdb
import pytest

from orchestration.errors import Refused, Unusable
from orchestration.home import Home
from orchestration.publishing.query import Answer, query, read

SECRET = "another file's content"


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "release" / "tieout.duckdb"
    path.parent.mkdir()
    with duckdb.connect(str(path)) as connection:
        connection.execute(
            "create schema marts; create table marts.fact_line as"
            " select 12345678901234.5678::decimal(18, 4) as amount, 'a' as line_id,"
            " timestamp '2026-09-01 10:00:00' as at union all select -0.0001, 'b', null"
        )
    return path


def test_amounts_keep_every_digit_and_times_are_iso(database: Path) -> None:
    rows = read(database, "select * from fact_line order by line_id").objects()
    assert rows == [
        {"amount": "12345678901234.5678", "line_id": "a", "at": "2026-09-01T10:00:00"},
        {"amount": "-0.0001", "line_id": "b", "at": None},
    ]
    assert read(database, "select sum(amount) as total from fact_line").objects() == [{"total": "12345678901234.5677"}]


def test_values_of_every_kind_are_json(database: Path) -> None:
    sql = (
        "select 1::hugeint << 70 as big, [1.5::decimal(9, 4)] as list, {'a': 0.1::decimal(9, 4)} as struct,"
        " date '2026-09-01' as day, 'nan'::double as nan, true as yes, '\\xFF'::blob as bytes,"
        " timestamptz '2026-09-01 12:00:00+02' as zoned, interval 1 day as span"
    )
    assert read(database, sql).objects() == [
        {
            "big": 2**70,
            "list": ["1.5000"],
            "struct": {"a": "0.1000"},
            "day": "2026-09-01",
            "nan": "nan",
            "yes": True,
            "bytes": "ff",
            "zoned": "2026-09-01T10:00:00+00:00",
            "span": "1 day, 0:00:00",
        }
    ]


@pytest.mark.parametrize("sql", ["show tables", "describe fact_line", "pivot fact_line on line_id using sum(amount)"])
def test_what_reads_is_allowed(database: Path, sql: str) -> None:
    assert read(database, sql).rows


@pytest.mark.parametrize(
    "sql",
    [
        "insert into fact_line values (1, 'c', null)",
        "update fact_line set amount = 0",
        "delete from fact_line",
        "create table marts.other as select 1 as one",
        "create temp table other as select 1 as one",
        "drop table fact_line",
        "select 1; drop table fact_line",
        "",
        "copy fact_line to '{folder}/out.csv'",
        "copy (select 1) to '{folder}/out.parquet'",
        "export database '{folder}/out'",
        "attach '{folder}/other.duckdb'",
        "attach ':memory:' as other",
        "set enable_external_access = true",
        "set lock_configuration = false",
        "reset lock_configuration",
        "pragma enable_profiling",
        "install httpfs",
        "load httpfs",
        "call enable_logging()",
        "explain analyze delete from fact_line",
        "select * from read_text('{folder}/secret.txt')",
        "select * from read_blob('{folder}/secret.txt')",
        "select * from read_csv('{folder}/secret.txt')",
        "select * from '{folder}/secret.csv'",
        "select * from glob('{folder}/*')",
        "select * from read_parquet('https://localhost/x.parquet')",
        "select * from enable_logging(storage = 'file', storage_path = '{folder}/log')",
        "select * from query('copy (select 1) to ''{folder}/out.csv''')",
        "select * from home_frame",
    ],
)
def test_nothing_writes_and_no_other_file_is_reached(database: Path, tmp_path: Path, sql: str) -> None:
    home_frame = duckdb.sql("select 1 as one")
    assert home_frame is not None
    (tmp_path / "secret.txt").write_text(SECRET)
    (tmp_path / "secret.csv").write_text(SECRET)
    before = database.read_bytes()
    with pytest.raises(Unusable):
        read(database, sql.format(folder=tmp_path))
    assert database.read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["release", "secret.csv", "secret.txt"]
    assert [path.name for path in database.parent.iterdir()] == ["tieout.duckdb"]


def test_two_columns_of_one_name_are_refused_rather_than_lost(database: Path) -> None:
    with pytest.raises(Unusable, match="called amount"):
        read(database, "select amount, amount from fact_line")


def test_no_role_is_defined_yet(tmp_path: Path) -> None:
    with pytest.raises(Unusable, match=r"Unknown role 'finance'.*none defined yet"):
        query(Home(tmp_path), "select 1", role="finance")


def test_before_the_first_release_a_query_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="Nothing is published yet"):
        query(Home(tmp_path), "select 1")


def test_an_empty_answer_still_has_its_columns(database: Path) -> None:
    answer: Answer = read(database, "select amount from fact_line where line_id = 'z'")
    assert (answer.columns, answer.rows, answer.objects()) == (("amount",), [], [])
