"""An audit, a publication and a close keep to TIEOUT_MEMORY_LIMIT: the rest goes to the disk, or they are refused."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest
from support.warehouses import add_audit, make_home, write_suites

from orchestration.closing import close
from orchestration.errors import Refused, Unusable
from orchestration.home import Home
from orchestration.publishing import writer
from orchestration.publishing.publish import publish
from orchestration.reconciliation import reconcile, suites
from orchestration.reconciliation.audit import read_rows
from orchestration.warehouse.connection import bounded, open_warehouse

SORTED = "select max(place) from (select row_number() over (order by md5(range::varchar)) as place from range(2000000))"
ONE_VALUE = "select length(string_agg(md5(range::varchar), '')) from range(5000000)"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setattr(suites, "EXPECTATIONS", write_suites(tmp_path / "expectations"))
    return make_home(tmp_path / "home")


def test_what_does_not_fit_goes_to_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIEOUT_MEMORY_LIMIT", "60MB")
    peak = "select max(size) from (select sum(size) as size from duckdb_temporary_files())"
    spill = tmp_path / "spill"
    with bounded(duckdb.connect(str(tmp_path / "rows.duckdb")), spill) as connection:
        connection.execute("create temp table large as select md5(range::varchar) as text from range(3000000)")
        assert connection.execute(peak).fetchall()[0][0] > 0
        assert any(spill.iterdir())
        assert connection.execute(SORTED).fetchall() == [(2000000,)]


def test_what_fits_nowhere_is_refused_with_what_to_do(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIEOUT_MEMORY_LIMIT", "60MB")
    told = r"60MB of memory are not enough.*set TIEOUT_MEMORY_LIMIT to more"
    with pytest.raises(Refused, match=told), open_warehouse(home) as connection:
        connection.execute(ONE_VALUE).fetchall()


def test_a_check_that_fits_nowhere_is_not_told_as_a_break(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIEOUT_MEMORY_LIMIT", "60MB")
    with open_warehouse(home, read_only=False) as connection:
        connection.execute(f"create schema reconciliation; create view reconciliation.recon_large as {ONE_VALUE}")
    with pytest.raises(Refused, match="set TIEOUT_MEMORY_LIMIT"), open_warehouse(home) as connection:
        read_rows(connection, "recon_large")


@pytest.mark.parametrize("command", [reconcile, publish])
def test_each_command_keeps_to_it(
    home: Home, monkeypatch: pytest.MonkeyPatch, command: Callable[[Home], object]
) -> None:
    add_audit(home)
    monkeypatch.setenv("TIEOUT_MEMORY_LIMIT", "1KB")
    with pytest.raises(Refused, match="set TIEOUT_MEMORY_LIMIT to more"):
        command(home)


def test_a_release_is_written_within_it(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """The gate, which reads the warehouse before, has room."""
    add_audit(home)
    real = writer.write_database

    def write(*arguments: Any) -> writer.Content:
        monkeypatch.setenv("TIEOUT_MEMORY_LIMIT", "1KB")
        return real(*arguments)

    monkeypatch.setattr("orchestration.publishing.publish.write_database", write)
    with pytest.raises(Refused, match="set TIEOUT_MEMORY_LIMIT to more"):
        publish(home)


def test_a_close_reads_its_release_within_it(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    add_audit(home)
    release = publish(home)
    monkeypatch.setenv("TIEOUT_MEMORY_LIMIT", "1KB")
    told = "set TIEOUT_MEMORY_LIMIT to more"
    with pytest.raises(Refused, match=told), close._release(home, release) as connection:
        connection.execute(SORTED).fetchall()


def test_a_limit_that_is_no_size_is_told(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIEOUT_MEMORY_LIMIT", "plenty")
    with pytest.raises(Unusable, match="TIEOUT_MEMORY_LIMIT is 'plenty'; give a size such as 4GB"):
        publish(home)
