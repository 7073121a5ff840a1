"""Landing the inbox: what lands, what is left and told, what a second run does."""

from pathlib import Path

import pytest

from orchestration.home import Home
from orchestration.inbox import waiting
from orchestration.refresh import land_inbox

EVENT = (
    '{"eventId": "%s", "source": "crm", "eventType": "AccountUpserted", "eventTime": "2026-09-01T10:00:00Z",'
    ' "aggregateType": "Account", "aggregateId": "a1", "aggregateVersion": %d,'
    ' "payload": {"name": "Acme", "segment": "SMB", "region": "EMEA"}}\n'
)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setenv("TIEOUT_INBOX_SETTLE_SECONDS", "0")
    home = Home(tmp_path)
    home.inbox.mkdir()
    return home


def test_the_inbox_lands_once_and_a_file_that_grew_again(home: Home) -> None:
    path = home.inbox / "crm.ndjson"
    path.write_text(EVENT % ("e1", 1))
    landed, left = land_inbox(home)
    assert landed is not None
    assert (landed.verdicts.accepted, left) == (1, ())
    assert land_inbox(home) == (None, ())
    with path.open("a") as handle:
        handle.write(EVENT % ("e2", 2))
    landed, _ = land_inbox(home)
    assert landed is not None
    assert (landed.verdicts.accepted, landed.verdicts.duplicate) == (1, 1)
    assert path.read_text().count("\n") == 2


def test_a_file_that_cannot_be_read_is_left_and_told_and_stops_no_other(home: Home) -> None:
    (home.inbox / "a.txt").write_text("no events\n")
    (home.inbox / "b.ndjson").write_text(EVENT % ("e1", 1))
    landed, left = land_inbox(home)
    assert landed is not None
    assert landed.verdicts.accepted == 1
    assert len(left) == 1
    assert "a.txt" in left[0]
    assert [file.path.name for file in waiting(home)] == ["a.txt"]


def test_what_is_remembered_only_saves_work(home: Home) -> None:
    (home.inbox / "crm.ndjson").write_text(EVENT % ("e1", 1))
    land_inbox(home)
    (home.root / "inbox-landed.json").unlink()
    landed, left = land_inbox(home)
    assert landed is not None
    assert (landed.verdicts.accepted, landed.verdicts.duplicate, landed.high_water, left) == (0, 1, 1, ())
