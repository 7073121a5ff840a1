"""Duplicates and conflicts: the first content stays in force, and every repetition is recognised."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from landing_files import account, check_every_line_is_accounted_for, rows, text, write

from orchestration.contracts.examples import as_cloudevent, example
from orchestration.home import Home
from orchestration.landing import QuarantinedLine, Verdict, Verdicts, batches, land, reland


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


def reordered(value: Any) -> Any:
    """The same JSON with every object's keys the other way round."""
    if isinstance(value, dict):
        return {key: reordered(value[key]) for key in reversed(value)}
    return [reordered(one) for one in value] if isinstance(value, list) else value


def spellings() -> dict[str, bytes]:
    """One event, written in several ways that say the same."""
    event = example("QuotePriced")
    plain = text(event)
    return {
        "other key order": text(reordered(event)),
        "white space": json.dumps(event, indent=1).replace("\n", "\r").encode(),
        "compact": json.dumps(event, separators=(",", ":")).encode(),
        "escapes": plain.replace(b'"EMEA"', b'"\\u0045MEA"'),
        "cloudevent": text(as_cloudevent(event)),
        "null for absent": text(event | {"unheard": None}).replace(b', "unheard": null', b""),
        "payload first": text({"payload": event["payload"], **event}),
    }


@pytest.mark.parametrize("name", spellings())
@pytest.mark.parametrize("in_one_file", [True, False])
def test_other_spellings_of_the_same_content_are_duplicates(
    home: Home, tmp_path: Path, name: str, in_one_file: bool
) -> None:
    first, second = text(example("QuotePriced")), spellings()[name]
    assert first != second or name == "null for absent"
    files = [[first, second]] if in_one_file else [[first], [second]]
    result = land(home, [write(tmp_path / f"{i}.ndjson", lines + [b""] * i) for i, lines in enumerate(files)])
    assert result.verdicts == Verdicts(accepted=1, duplicate=1)
    (duplicate,) = rows(home, "duplicates")
    assert duplicate["existing_arrival_seq"] == 1
    check_every_line_is_accounted_for(home)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (b"1.5", b"1.50", True),
        (b"1", b"1.0", True),
        (b"15e-1", b"1.5", True),
        (b"12345678901234.5678", b"12345678901234.5679", False),
        (b"1.5", b'"1.5"', False),
        (b'"1.5"', b'"1.50"', False),
        (b"0", b"-0", True),
    ],
)
def test_numbers_are_compared_by_their_digits(home: Home, tmp_path: Path, one: bytes, other: bytes, same: bool) -> None:
    line = text(example("BillingActivated"))
    lines = [line.replace(b'"1234.5600"', amount) for amount in (one, other)]
    verdicts = land(home, [write(tmp_path / "a.ndjson", lines)]).verdicts
    assert verdicts == (Verdicts(accepted=1, duplicate=1) if same else Verdicts(accepted=1, conflict=1))


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"payload": {"name": "Other", "segment": "SMB", "region": "EMEA"}}, "payload.name"),
        ({"aggregateVersion": 2}, "aggregateVersion"),
        ({"eventTime": "2026-03-01T12:00:00+00:00"}, "eventTime"),
        ({"eventTime": "2026-03-01T13:00:00Z"}, "eventTime"),
        ({"recordedTime": "2026-03-01T12:00:00Z"}, "recordedTime"),
        ({"correlationId": ""}, "correlationId"),
        ({"traceId": "t"}, ""),
    ],
)
@pytest.mark.parametrize("in_one_file", [True, False])
def test_other_content_is_a_conflict(
    home: Home, tmp_path: Path, change: dict[str, Any], field: str, in_one_file: bool
) -> None:
    first, second = account("1"), account("1") | change
    files = [[first, second]] if in_one_file else [[first], [second]]
    land(home, [write(tmp_path / f"{i}.ndjson", lines) for i, lines in enumerate(files)])
    (accepted,) = rows(home, "events")
    (conflict,) = rows(home, "quarantine")
    assert accepted["line_number"] == 1
    assert conflict["verdict"] == "conflict"
    assert conflict["reason_code"] == "other_content"
    assert conflict["existing_arrival_seq"] == accepted["arrival_seq"]
    assert (conflict["source_system"], conflict["event_id"]) == ("crm", "1")
    assert (conflict["event_type"], conflict["aggregate_type"], conflict["aggregate_id"]) == (
        "AccountUpserted",
        "Account",
        "A-1",
    )
    assert bytes(conflict["raw_line"]) == text(second)
    assert json.loads(conflict["existing_content"])["payload"] == first["payload"]
    assert conflict["field"] == field
    check_every_line_is_accounted_for(home)


def test_another_source_or_type_is_another_matter(home: Home, tmp_path: Path) -> None:
    lines = [account("1"), account("1", source="erp"), account("1", source="erp") | {"eventId": "2"}]
    assert land(home, [write(tmp_path / "a.ndjson", lines)]).verdicts == Verdicts(accepted=3)
    other_type = example("QuoteCreated") | {"source": "crm", "eventId": "1"}
    assert land(home, [write(tmp_path / "b.ndjson", [other_type])]).verdicts == Verdicts(conflict=1)


def test_a_conflict_seen_again_refers_to_the_content_recorded_first(home: Home, tmp_path: Path) -> None:
    first, second, third = account("1"), account("1", "Second"), account("1", "Third")
    land(home, [write(tmp_path / "a.ndjson", [first, second])])
    again = [text(reordered(second)), text(third), text(second), text(reordered(third))]
    land(home, [write(tmp_path / "b.ndjson", again)])
    found = [(row["reason_code"], row["content_hash"]) for row in rows(home, "quarantine")]
    hashes = [one for _, one in found]
    assert [reason for reason, _ in found] == [
        "other_content",
        "other_content_again",
        "other_content",
        "other_content_again",
        "other_content_again",
    ]
    assert hashes[0] == hashes[1] == hashes[3] != hashes[2] == hashes[4]


def take_second(home: Home, raw: bytes) -> None:
    (conflict,) = (row for row in rows(home, "quarantine") if bytes(row["raw_line"]) == raw)
    line = QuarantinedLine(
        conflict["arrival_seq"], raw, conflict["file_name"], conflict["line_number"], conflict["existing_arrival_seq"]
    )
    (one,) = reland(home, [line], "resolution").lines
    assert one.verdict is Verdict.ACCEPTED


def test_after_the_second_content_was_taken_it_is_in_force(home: Home, tmp_path: Path) -> None:
    first, second = account("1"), account("1", "Second")
    land(home, [write(tmp_path / "a.ndjson", [first, second])])
    take_second(home, text(second))
    before, after = rows(home, "events")
    assert (after["replaces_arrival_seq"], after["arrival_seq"]) == (before["arrival_seq"], 3)
    assert (after["file_name"], after["line_number"], json.loads(after["payload"])["name"]) == ("a.ndjson", 2, "Second")
    assert batches(home)[-1].manifest["resolves"] == [2]
    lines = [first, reordered(second), account("1", "Third"), reordered(first)]
    result = land(home, [write(tmp_path / "b.ndjson", lines)])
    assert result.verdicts == Verdicts(duplicate=1, conflict=3)
    assert rows(home, "duplicates")[0]["existing_arrival_seq"] == 3
    found = [(row["reason_code"], row["existing_arrival_seq"]) for row in rows(home, "quarantine")[1:]]
    assert found == [("other_content_again", 3), ("other_content", 3), ("other_content_again", 3)]
    assert rows(home, "quarantine")[1]["content_hash"] == before["content_hash"]
    check_every_line_is_accounted_for(home)


def test_a_retry_lands_what_is_valid_now_and_writes_nothing_of_the_rest(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from orchestration.contracts import registry

    new, clash, known = account("new"), account("old", "Other"), account("old")
    lines = [json.dumps(one | {"schemaVersion": 2}).encode() for one in (new, clash, known)] + [b"nope"]
    land(home, [write(tmp_path / "a.ndjson", [account("old", schemaVersion=2).copy() | {"schemaVersion": 1}, *lines])])
    waiting = [
        QuarantinedLine(row["arrival_seq"], bytes(row["raw_line"]), row["file_name"], row["line_number"])
        for row in rows(home, "quarantine")
    ]
    assert len(waiting) == 4
    refused = reland(home, waiting, "retry")
    assert refused.batch_seq is None
    assert {one.verdict for one in refused.lines} == {Verdict.QUARANTINED}
    assert all(one.problem for one in refused.lines)
    monkeypatch.setattr(registry, "supported_versions", lambda _: frozenset({1, 2}))
    result = reland(home, waiting, "retry")
    assert [one.verdict for one in result.lines] == ["accepted", "conflict", "conflict", "quarantined"]
    event = rows(home, "events")[-1]
    assert (event["event_id"], event["line_number"], event["file_name"]) == ("new", 2, "a.ndjson")
    assert event["schema_version"] == 2
    conflict = rows(home, "quarantine")[-1]
    assert bytes(conflict["raw_line"]) == lines[2]
    assert conflict["file_name"] == "a.ndjson"


def test_many_repetitions_are_settled(home: Home, tmp_path: Path) -> None:
    events = [account(str(i), f"Name {i}") for i in range(3000)]
    land(home, [write(tmp_path / "a.ndjson", events)])
    again = [reordered(one) if i % 3 == 0 else one for i, one in enumerate(events)]
    again[7] = account("7", "Other")
    assert land(home, [write(tmp_path / "b.ndjson", again)]).verdicts == Verdicts(duplicate=2999, conflict=1)
    check_every_line_is_accounted_for(home)
    assert Decimal(rows(home, "quarantine")[0]["event_id"]) == 7
