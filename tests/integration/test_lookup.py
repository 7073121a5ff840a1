"""`tieout lookup`: what has landed is found by any of its names, at its latest version, straight from the lake."""

import json
from pathlib import Path

import pytest
from support import awkward_stream
from support.quote_stories import created, moved

from orchestration.cli.app import run
from orchestration.errors import Refused
from orchestration.home import Home
from orchestration.landing import land
from orchestration.observability.lookup import lookup


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    home = Home(tmp_path_factory.mktemp("lookup") / "home")
    file = home.root.with_name("stream.ndjson")
    late = [moved("QuoteSent", "q-late", 4, "09T10:00"), created("q-late", 1)]
    file.write_bytes(b"\n".join([*awkward_stream.lines(), *(json.dumps(one).encode() for one in late)]))
    land(home, [file])
    return home


def test_the_latest_version_counts_whatever_came_last(home: Home) -> None:
    (found,) = lookup(home, "q-late")
    assert (found.aggregate_type, found.events[0].event_type, found.events[0].aggregate_version) == (
        "Quote",
        "QuoteSent",
        4,
    )
    assert found.missing_versions == (2, 3)
    assert [told.aggregate_version for told in found.events] == [4, 1]


def test_an_event_id_and_a_number_lead_to_the_aggregate(home: Home) -> None:
    (by_event,) = lookup(home, "q-late-4")
    assert by_event.aggregate_id == "q-late"
    order = json.loads(next(line for line in awkward_stream.lines() if b'"OrderSubmitted"' in line))
    found = lookup(home, order["payload"]["orderNumber"])
    assert order["aggregateId"] in {one.aggregate_id for one in found}


def test_a_resolved_conflict_shows_what_was_decided(home: Home) -> None:
    def lines() -> list[str]:
        (quote,) = (one for one in lookup(home, "q-conflict") if one.aggregate_type == "Quote")
        return [line["netAmount"] for line in quote.events[0].payload["lines"]]

    assert lines() == ["10"]
    awkward_stream.settle(home)
    assert lines() == ["20"]


def test_what_never_landed_is_refused(home: Home, tmp_path: Path) -> None:
    with pytest.raises(Refused, match="No event that has landed names nobody"):
        lookup(home, "nobody")
    with pytest.raises(Refused, match="Nothing has landed yet"):
        lookup(Home(tmp_path), "q-late")


def test_a_person_is_told_the_state_and_what_is_missing(
    home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TIEOUT_HOME", str(home.root))
    assert run(["lookup", "q-late", "--events", "1"]) == 0
    told = capsys.readouterr().out
    assert "Quote q-late: version 4" in told
    assert "and 1 earlier event" in told
    assert "Versions that never arrived: 2, 3" in told
    assert run(["lookup", "q-late", "--json"]) == 0
    (found,) = json.loads(capsys.readouterr().out)
    assert (found["latest_version"], found["missing_versions"]) == (4, [2, 3])
    assert run(["lookup", "nobody"]) == 1
    assert "No event that has landed names nobody" in capsys.readouterr().err
