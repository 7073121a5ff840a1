"""Who lands file after file keeps the ids of the lake in memory: the verdicts are those of somebody who does not."""

from pathlib import Path
from typing import Any

import pytest

from orchestration.home import Home
from orchestration.landing import Verdicts, identity, known, land
from orchestration.landing.known import KnownIds
from tests.unit.landing.landing_files import account, check_every_line_is_accounted_for, write


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


def landed(home: Home, name: str, events: list[dict[str, Any]], kept: KnownIds | None) -> Verdicts:
    found = land(home, [write(home.root.parent / f"{name}.ndjson", events)], known=kept).verdicts
    check_every_line_is_accounted_for(home)
    return found


def test_what_is_known_is_compared_and_what_is_new_is_not_looked_for(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = KnownIds()
    assert landed(home, "a", [account("1"), account("2")], kept) == Verdicts(accepted=2)
    again = [account("1"), account("2", "Other"), account("3")]
    assert landed(home, "b", again, kept) == Verdicts(accepted=1, duplicate=1, conflict=1)
    assert landed(home, "c", [account("4")], None) == Verdicts(accepted=1), "by somebody else"
    assert landed(home, "d", [account("4"), account("3", source="erp")], kept) == Verdicts(accepted=1, duplicate=1)

    def asked(*_: object) -> list[Path]:
        raise AssertionError("files are asked")

    monkeypatch.setattr(identity, "event_files", asked)
    assert landed(home, "e", [account("5"), account("6")], kept) == Verdicts(accepted=2)
    with pytest.raises(AssertionError, match="files are asked"):
        landed(home, "f", [account("5")], kept)


def test_another_lake_is_read_anew(home: Home, tmp_path: Path) -> None:
    kept, other = KnownIds(), Home(tmp_path / "other")
    landed(home, "a", [account("1")], kept)
    landed(home, "b", [account("2")], kept)
    landed(other, "c", [account("3")], None)
    assert landed(other, "d", [account("4"), account("3")], kept) == Verdicts(accepted=1, duplicate=1)
    assert landed(home, "e", [account("3"), account("2")], kept) == Verdicts(accepted=1, duplicate=1)


def test_many_files_are_known_together(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(known, "_ARRAYS", 3)
    kept = KnownIds()
    for n in range(9):
        assert landed(home, f"f{n}", [account(f"{n}"), account(f"x{n}")], kept) == Verdicts(accepted=2)
    for n in range(9):
        again = [account(f"{n}"), account(f"y{n}")]
        assert landed(home, f"g{n}", again, kept) == Verdicts(accepted=1, duplicate=1)
