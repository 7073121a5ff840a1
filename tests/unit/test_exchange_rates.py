"""Reference rates reach the lake digit for digit, once, and a delivery that cannot be right is refused."""

import io
import zipfile
from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from orchestration.errors import Unusable
from orchestration.home import Home
from orchestration.sources.exchange_rates import land_exchange_rates


def archive(text: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as packed:
        packed.writestr("eurofxref-hist.csv", text)
    return content.getvalue()


def rates(home: Home) -> list[tuple[object, ...]]:
    return duckdb.sql(
        "select rate_date, currency, rate, published_through"
        f" from '{home.lake}/exchange_rates/*/rates.parquet' order by 1, 2"
    ).fetchall()


def test_digits_are_kept_and_days_without_a_rate_have_none(tmp_path: Path) -> None:
    home = Home(tmp_path)
    landed = land_exchange_rates(
        home, archive("Date,USD,IDR,CYP,\n2026-10-30,1.1172,20275.17,N/A,\n2026-10-29,1.1,,N/A,\n")
    )
    assert (landed.rate_count, landed.published_through, landed.is_new) == (3, date(2026, 10, 30), True)
    through = date(2026, 10, 30)
    assert rates(home) == [
        (date(2026, 10, 29), "USD", Decimal("1.10000000"), through),
        (date(2026, 10, 30), "IDR", Decimal("20275.17000000"), through),
        (date(2026, 10, 30), "USD", Decimal("1.11720000"), through),
    ]


def test_the_same_delivery_lands_once_and_another_beside_it(tmp_path: Path) -> None:
    home = Home(tmp_path)
    delivery = archive("Date,USD\n2026-10-30,1.1172\n")
    first, again = land_exchange_rates(home, delivery), land_exchange_rates(home, delivery)
    assert (first.snapshot, first.path, first.rate_count) == (again.snapshot, again.path, again.rate_count)
    assert (first.is_new, again.is_new) == (True, False)
    other = land_exchange_rates(home, archive("Date,USD\n2026-10-31,1.2\n"))
    assert other.is_new
    assert other.path != first.path


def test_a_landing_that_was_killed_is_done_again(tmp_path: Path) -> None:
    home = Home(tmp_path)
    delivery = archive("Date,USD\n2026-10-30,1.1172\n")
    landed = land_exchange_rates(home, delivery)
    landed.path.rename(landed.path.with_name(".rates.1.unfinished"))
    assert land_exchange_rates(home, delivery).is_new
    assert len(rates(home)) == 1


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Date,USD\n2026-10-30,one\n", "line 2, USD: 'one' is not a number"),
        ("Date,USD\n2026-10-30,1.123456789\n", "line 2, USD: '1.123456789' must be positive"),
        ("Date,USD\n2026-10-30,12345678901\n", "line 2, USD: '12345678901' must be positive"),
        ("Date,USD\n2026-10-30,0\n", "line 2, USD: '0' must be positive"),
        ("Date,USD\n2026-10-30,NaN\n", "line 2, USD: 'NaN' must be positive"),
        ("Date,USD\n30.10.2026,1.1\n", "line 2, Date: '30.10.2026' is not a date"),
        ("Day,USD\n2026-10-30,1.1\n", "line 1: the first column must be Date"),
        ("Date,USD\n2026-10-30,N/A\n", "holds no rate"),
    ],
)
def test_a_delivery_that_cannot_be_right_is_refused(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(Unusable, match=told):
        land_exchange_rates(Home(tmp_path), archive(text))
    assert not list(tmp_path.rglob("*.parquet"))


def test_a_delivery_that_is_no_archive_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Unusable, match="not a zip archive"):
        land_exchange_rates(Home(tmp_path), b"Date,USD\n2026-10-30,1.1\n")


def test_what_the_package_ships_lands_completely(tmp_path: Path) -> None:
    home = Home(tmp_path)
    landed = land_exchange_rates(home)
    found = rates(home)
    assert len(found) == landed.rate_count > 200_000
    assert {row[1] for row in found} >= {"USD", "GBP", "JPY", "CHF"}
    assert found[0][0] == date(1999, 1, 4)
