"""The command line end to end, in this process: exit codes, JSON on stdout and nothing else there."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from support.warehouses import add_audit, build_marts, make_home, write_suites

from orchestration.cli.app import run
from orchestration.closing import signers, states
from orchestration.home import Home
from orchestration.reconciliation import suites

Tieout = Callable[..., tuple[int, Any]]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setattr(suites, "EXPECTATIONS", write_suites(tmp_path / "expectations"))
    monkeypatch.setenv("TIEOUT_HOME", str(tmp_path / "home"))
    return Home(tmp_path / "home")


@pytest.fixture
def tieout(capsys: pytest.CaptureFixture[str]) -> Tieout:
    """Run a command with --json: its exit code, and what it wrote to stdout as one JSON value."""

    def call(*arguments: str) -> tuple[int, Any]:
        code = run([*arguments, "--json"])
        return code, json.loads(capsys.readouterr().out)

    return call


def account(event_id: str, name: str, version: int) -> str:
    event = {
        "eventId": event_id,
        "source": "crm",
        "eventType": "AccountUpserted",
        "eventTime": "2026-09-01T10:00:00Z",
        "aggregateType": "Account",
        "aggregateId": "a1",
        "aggregateVersion": version,
        "payload": {"name": name, "segment": "SMB", "region": "EMEA"},
    }
    return json.dumps(event) + "\n"


def test_land_counts_verdicts_and_quarantine_resolves_them(
    home: Home, tieout: Tieout, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "crm.ndjson"
    file.write_text(account("e1", "Acme", 1) * 2 + account("e1", "Other", 1) + account("e2", "Acme", 2) + "not json\n")
    code, landed = tieout("land", str(file))
    assert code == 0
    assert landed["verdicts"] == {"accepted": 2, "duplicate": 1, "conflict": 1, "quarantined": 1}
    assert landed["files"][0]["status"] == "landed"
    assert tieout("status")[1]["lake"] == {"high_water": 1, "quarantine": {"conflict": 1, "quarantined": 1}}
    letters = tieout("status")[1]["dead_letters"]
    assert [(one["reason_code"], one["event_types"], one["count"], one["oldest_batch"]) for one in letters] == [
        ("not_json", [], 1, 1),
        ("other_content", ["AccountUpserted"], 1, 1),
    ]
    assert all(0 <= one["oldest_age_seconds"] < 600 for one in letters)
    assert run(["status"]) == 0
    assert "other_content: 1 line of AccountUpserted, the oldest since 2" in capsys.readouterr().out

    code, held = tieout("quarantine", "list")
    assert code == 0
    assert [(one["verdict"], one["line_number"]) for one in held] == [("conflict", 3), ("quarantined", 5)]
    arrival = str(held[0]["arrival_seq"])
    code, shown = tieout("quarantine", "show", arrival)
    assert code == 0
    assert [one["field"] for one in shown["differences"]] == ["payload.name"]
    code, made = tieout("quarantine", "resolve", arrival, "keep_first", "--reason", "typing error", "--by", "pat")
    assert code == 0
    assert made["resolutions"][0]["decision"] == "keep_first"
    code, retried = tieout("quarantine", "retry", "--reason", "again", "--by", "pat", "--verdict", "quarantined")
    assert code == 0
    assert (retried["tried"], len(retried["still_refused"])) == (1, 1)
    assert tieout("status")[1]["lake"]["quarantine"] == {"conflict": 0, "quarantined": 1}
    assert [one["reason_code"] for one in tieout("status")[1]["dead_letters"]] == ["not_json"]
    assert len(tieout("quarantine", "list", "--all")[1]) == 2

    missing = str(tmp_path / "missing.ndjson")
    code, unread = tieout("land", missing, str(file))
    assert code == 2
    assert unread["files"][0]["status"] == "already_landed"
    assert missing in unread["errors"][0]


def test_publish_query_roll_back_and_verify(home: Home, tieout: Tieout) -> None:
    make_home(home.root)
    code, refused = tieout("publish")
    assert code == 1
    assert refused["exit_code"] == 1
    assert "the ledger has no audit" in refused["error"]
    add_audit(home)
    code, first = tieout("publish")
    assert (code, first["is_new"], first["is_current"]) == (0, True, True)
    code, rows = tieout("query", "select line_id, amount from fact_line order by seq limit 2")
    assert (code, rows) == (0, [{"line_id": "L1", "amount": "1.0001"}, {"line_id": "L2", "amount": "2.0002"}])
    build_marts(home, "update marts.fact_line set amount = 5", "build-2")
    add_audit(home, build_id="build-2")
    second = tieout("publish")[1]
    listed = tieout("releases")[1]
    assert [(one["release_id"], one["is_current"]) for one in listed] == [
        (second["release_id"], True),
        (first["release_id"], False),
    ]
    assert tieout("query", "select max(amount) as most from fact_line", "--release", first["release_id"])[1] == [
        {"most": "100.0100"}
    ]
    assert tieout("rollback", first["release_id"])[0] == 0
    assert tieout("status")[1]["release"]["release_id"] == first["release_id"]
    assert tieout("rollback", "nonsense")[0] == 2
    code, verified = tieout("verify")
    assert (code, verified["ok"], len(verified["checks"])) == (0, True, 4)
    home.ledger.write_text(home.ledger.read_text().replace("line_mart", "line_most", 1))
    code, verified = tieout("verify")
    assert (code, verified["ok"], verified["checks"][0]["what"]) == (1, False, "ledger")


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["query", "drop table fact_line"], 1, "Nothing is published yet"),
        (["query", "select 1", "--role", "finance"], 2, "none defined yet"),
        (["query"], 2, "SQL"),
        (["nonsense"], 2, "nonsense"),
        (["query", "select 1", "--nonsense"], 2, "--nonsense"),
        (["build"], 1, "Nothing has landed yet"),
        (["build", "--as-of", "soon"], 2, "--as-of 'soon'"),
        (["reconcile"], 1, "there is no warehouse"),
        (["refresh"], 1, "Nothing has landed yet"),
        (["rollback", "nonsense"], 2, "There is no release nonsense"),
        (["close", "2026-09"], 1, "Nothing has landed yet"),
        (["close", "2026-9"], 2, "write 2026-09"),
        (["sign", "2026-09", "--as", "preparer", "--by", "Ada"], 1, "is not closed"),
        (["verify", "--evidence", "all"], 1, "There is no evidence package"),
        (["evidence", "delete", "abc"], 2, "names 0 packages"),
        (["breaks", "explain", "missing_order", "--reason", "why", "--by", "Ada"], 1, "No open break"),
        (["follow", "--once"], 1, "Nothing has landed yet"),
        (["lookup", "q1"], 1, "Nothing has landed yet"),
        (["lookup"], 2, "ID"),
        (["lookup", "q1", "--events", "0"], 2, "--events"),
        (["quarantine", "show", "7"], 2, "7"),
        (["simulate", "--quotes", "0", "--from", "2026-09-01", "--to", "2026-10-01", "--out", "x"], 2, "--quotes"),
    ],
)
def test_errors_are_one_json_value_with_their_exit_code(
    home: Home, tieout: Tieout, arguments: list[str], code: int, told: str
) -> None:
    found, value = tieout(*arguments)
    assert (found, value["exit_code"]) == (code, code)
    assert told in value["error"]


def test_on_an_empty_home_everything_that_looks_says_so(home: Home, tieout: Tieout) -> None:
    code, found = tieout("status")
    assert code == 0
    assert (found["inbox"], found["build"], found["audit"], found["release"]) == ([], None, None, None)
    assert (found["dead_letters"], found["operations"]) == ([], None)
    assert tieout("releases") == (0, [])
    assert tieout("verify")[0] == 0
    assert tieout("quarantine", "list") == (0, [])
    assert not home.root.exists()


def test_text_for_people_is_not_json(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    make_home(home.root)
    add_audit(home)
    for arguments in (["publish"], ["status"], ["releases"], ["verify"], ["query", "select amount from fact_line"]):
        assert run(arguments) == 0
        assert capsys.readouterr().out.strip()
    assert run(["query", "select 1.5::decimal(9, 4) as amount"]) == 0
    assert "1.5000" in capsys.readouterr().out


def test_a_key_is_made_once_and_its_entry_lets_it_sign(home: Home, tieout: Tieout) -> None:
    asked = ("evidence", "key", "--by", "Zoe Ray", "--as", "approver")
    code, made = tieout(*asked)
    assert (code, made["key"]) == (0, str(home.root / "keys" / "zoe-ray.pem"))
    assert tieout(*asked)[1] == made
    people = signers.parse(f"signers:\n{made['entry']}\n", "signers.yml")
    assert people.may("approver", datetime.now(UTC).date()) == {"Zoe Ray"}
    assert run(["evidence", "key", "--by", "Zoe", "--as", "boss"]) == 2


def test_status_says_which_periods_are_closed_and_signed(home: Home, tieout: Tieout, capsys: Any) -> None:
    assert tieout("status")[1]["closes"] == []
    states.move(home, "group", "2026-08", states.SOFT_CLOSED, actor="Ada")
    (one,) = tieout("status")[1]["closes"]
    assert (one["period"], one["state"], one["signed"], one["void"]) == ("2026-08", "soft_closed", {}, [])
    assert run(["status"]) == 0
    assert "2026-08 of group is soft closed" in capsys.readouterr().out


def test_a_closed_period_is_asked_alone_and_only_when_it_is_closed(
    home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["query", "--closed", "2026-08", "select 1"]
    assert run(asked) == 1
    assert "2026-08 of group is not closed" in capsys.readouterr().err
    assert run([*asked, "--entity", "nobody"]) == 2
    for option in (["--release", "r"], ["--role", "r"], ["--operations"]):
        assert run([*asked, *option]) == 2
        assert "leave --release, --role and --operations out" in capsys.readouterr().err
