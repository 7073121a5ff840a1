"""Every reason for which publishing refuses was given once; the reasons are read from the code, not listed here."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest
from support.told_reasons import Site, reasons_in
from support.warehouses import add_audit, build_marts, current_version, make_home, write_suites

from orchestration.errors import Refused
from orchestration.home import PROJECT_ROOT, Home
from orchestration.publishing import store
from orchestration.publishing.publish import publish, rollback
from orchestration.reconciliation import suites
from orchestration.reconciliation.proof import last_audit, objections

ALL = [{"key": key, "partition": "all"} for key in ("canary", "line_mart", "line_source")]
CODE = PROJECT_ROOT / "orchestration"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setattr(suites, "EXPECTATIONS", write_suites(tmp_path / "expectations"))
    return make_home(tmp_path / "home")


def change(home: Home, sql: str) -> None:
    with duckdb.connect(str(home.warehouse)) as connection:
        connection.execute(sql)


def audited(checks: list[dict[str, Any]] | None = None, **closing: Any) -> Callable[[Home], None]:
    return lambda home: add_audit(home, checks, **closing)


def lose_the_warehouse(home: Home) -> None:
    add_audit(home)
    home.warehouse.unlink()


def lose_the_build(home: Home) -> None:
    add_audit(home)
    change(home, "delete from audit.build")


def interrupt_a_build(home: Home) -> None:
    add_audit(home)
    build_marts(home, "select 1", "build-2", complete=False)


def change_rows(home: Home) -> None:
    add_audit(home)
    change(home, "update marts.fact_line set amount = amount + 0.0001 where line_id = 'L7'")


def lose_the_marts(home: Home) -> None:
    change(home, "drop table marts.fact_line; drop view marts.dim_currency")
    add_audit(home)


def break_the_ledger(home: Home) -> None:
    add_audit(home)
    home.ledger.write_text(home.ledger.read_text().replace('"verdict":"passed"', '"verdict":"failed"', 1))


def lose_the_end_of_the_ledger(home: Home) -> None:
    add_audit(home)
    publish(home)
    lines = home.ledger.read_text().splitlines(keepends=True)
    home.ledger.write_text("".join(lines[:2]))
    build_marts(home, "update marts.fact_line set amount = 2", "build-2")
    add_audit(home, build_id="build-2")


def lose_a_batch(home: Home) -> None:
    add_audit(home)
    (home.lake / "batches" / "batch_seq=00000000").rename(home.root / "gone")


WAIVER = {"check": "line_source", "partition": "all", "expires": "2020-01-01"}
REFUSED: dict[str, Callable[[Home], None]] = {
    "there is no warehouse": lose_the_warehouse,
    "no build of the warehouse is complete": lose_the_build,
    "did not end": interrupt_a_build,
    "the ledger has no audit": lambda home: None,
    "suites changed": audited(ALL, suites_hash="other"),
    "check line_source has no result": audited(ALL[:2]),
    "has 3 of 4 results": audited(ALL, results=4),
    "of another data version": audited([*ALL[:2], {**ALL[2], "data_version": "other"}]),
    "line_mart failed at all: off": audited([{**ALL[1], "verdict": "failed", "message": "off"}, ALL[0], ALL[2]]),
    "did not pass": audited(ALL, passed=False),
    "expired on 2020-01-01": audited(ALL, waivers=[WAIVER]),
    "they changed after the audit": change_rows,
    "the warehouse has no marts": lose_the_marts,
    "ledger: record 1": break_the_ledger,
    "restore the ledger": lose_the_end_of_the_ledger,
    "lake: batch 0 is missing": lose_a_batch,
}


def refusal(home: Home) -> str:
    before = [release.release_id for release in store.list_releases(home)]
    with pytest.raises(Refused) as refused:
        publish(home)
    assert [release.release_id for release in store.list_releases(home)] == before
    assert store.temporary_folders(home) == []
    return str(refused.value)


@pytest.mark.parametrize("reason", REFUSED)
def test_publishing_is_refused(home: Home, reason: str) -> None:
    REFUSED[reason](home)
    assert reason in refusal(home)


def told_otherwise(home: Home) -> list[str]:
    """Refusals that are not publish's own: of a rollback, and of a data version that somebody asks about."""
    add_audit(home)
    told = objections(last_audit(home), "f" * 64)
    assert objections(last_audit(home), current_version(home)) == []
    release = publish(home)
    build_marts(home, "update marts.fact_line set amount = 2", "build-2")
    add_audit(home, build_id="build-2")
    publish(home)
    release.database.unlink()
    with pytest.raises(Refused) as refused:
        rollback(home, release.release_id)
    return [*told, str(refused.value)]


def test_every_reason_that_the_code_can_give_was_given(home: Home, tmp_path: Path) -> None:
    told = []
    for number, damage in enumerate([*REFUSED.values(), None]):
        copy = Home(tmp_path / f"copy-{number}")
        shutil.copytree(home.root, copy.root, symlinks=True)
        if damage is None:
            told += told_otherwise(copy)
        else:
            damage(copy)
            told.append(refusal(copy))
    sites: list[Site] = [
        *reasons_in(CODE / "publishing" / "gate.py"),
        *reasons_in(CODE / "publishing" / "publish.py"),
        *reasons_in(CODE / "reconciliation" / "proof.py"),
    ]
    assert len(sites) > 15
    never = [site.place for site in sites if not any(site.made(text) for text in told)]
    assert never == [], "never given: add what makes publish refuse for it to REFUSED"


def test_a_reason_that_was_never_given_is_found_out(tmp_path: Path) -> None:
    code = tmp_path / "code.py"
    code.write_text('def f(x):\n    if x:\n        raise Refused(f"the moon is {x}")\n    return [f"{x}: {x}"]\n')
    (site,) = reasons_in(code)
    assert site.place == "code.py:3"
    assert not site.made("the sun is red")
    assert site.made("Refused: the moon is red")
