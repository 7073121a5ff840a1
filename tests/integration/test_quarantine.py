"""Lines that were not accepted: listed, shown, retried after a repaired contract, conflicts resolved by a person."""

import json
from pathlib import Path

import pytest
from support.quarantine_cases import contract_without, copied, events, home_at, landed, quarantined, quote

from orchestration.contracts.reasons import Reason
from orchestration.errors import Refused, Unusable
from orchestration.home import Home
from orchestration.landing import decompress, ensure_lake, framing, identity, quarantine
from orchestration.landing.quarantine import Decision, Difference, Filters
from orchestration.landing.results import Verdict, Verdicts
from orchestration.reconciliation import ledger

WHO = {"reason": "as agreed with sales", "resolved_by": "Ada"}


@pytest.fixture(scope="module")
def empty_lake(tmp_path_factory: pytest.TempPathFactory) -> Home:
    home = home_at(tmp_path_factory.mktemp("empty"))
    ensure_lake(home)
    return home


@pytest.fixture
def home(empty_lake: Home, tmp_path: Path) -> Home:
    return copied(empty_lake, tmp_path)


@pytest.fixture(scope="module")
def three_conflicts(empty_lake: Home, tmp_path_factory: pytest.TempPathFactory) -> Home:
    home = copied(empty_lake, tmp_path_factory.mktemp("conflicts"))
    landed(home, "a.ndjson", quote("1", region="A"))
    landed(home, "b.ndjson", quote("1", region="B"))
    landed(home, "b2.ndjson", quote("1", region="B"), b"")
    landed(home, "c.ndjson", quote("1", region="C"))
    assert [one.verdict for one in quarantine.list_entries(home)] == [Verdict.CONFLICT] * 3
    return home


@pytest.fixture
def conflicting(three_conflicts: Home, tmp_path: Path) -> Home:
    """Event 1 came as A, then twice as B and once as C: arrivals 1, 2, 3 and 4."""
    return copied(three_conflicts, tmp_path)


def arrivals(home: Home, filters: Filters | None = None) -> list[int]:
    return [one.arrival_seq for one in quarantine.list_entries(home, filters)]


def regions_in_force(home: Home) -> list[str]:
    found = events(home)
    replaced = {event["replaces_arrival_seq"] for event in found}
    return [json.loads(event["payload"])["region"] for event in found if event["arrival_seq"] not in replaced]


def test_without_a_lake_there_is_nothing_to_list(tmp_path: Path) -> None:
    home = home_at(tmp_path)
    assert quarantine.list_entries(home) == []
    with pytest.raises(Unusable, match="no line in quarantine has arrival 1"):
        quarantine.show(home, 1)


def test_open_rows_are_listed_by_what_is_asked_for(home: Home) -> None:
    landed(home, "mixed.ndjson", quote("1"), b"not json", quote("2", quoteRevision=0), quote("3") | {"source": "crm"})
    landed(home, "other.ndjson", quote("1", region="APAC"), quote("4", currency="euro"))
    assert arrivals(home) == [2, 3, 5, 6]
    asked = {
        Filters(verdict=Verdict.CONFLICT): [5],
        Filters(verdict=Verdict.QUARANTINED): [2, 3, 6],
        Filters(reason_code="not_json"): [2],
        Filters(event_id="2"): [3],
        Filters(source_system="crm"): [],
        Filters(event_type="QuoteCreated", file_name="mixed.ndjson"): [3],
        Filters(batch_seq=2): [5, 6],
        Filters(aggregate_id="Q-4"): [6],
        Filters(arrival_seqs=(2, 6, 99)): [2, 6],
    }
    assert {filters: arrivals(home, filters) for filters in asked} == asked
    first = quarantine.list_entries(home)[0]
    assert (first.file_name, first.line_number, first.reason_code, first.batch_seq) == (
        "mixed.ndjson",
        2,
        "not_json",
        1,
    )


def test_a_quarantined_line_is_shown_with_its_bytes(home: Home) -> None:
    landed(home, "a.ndjson", b'{"eventId": "caf\xe9"}')
    found = quarantine.show(home, 1)
    assert found.raw_line.rstrip() == b'{"eventId": "caf\xe9"}'
    assert (found.entry.reason_code, found.first, found.differences) == ("not_utf8", None, ())


def test_a_conflict_is_shown_with_both_contents_and_what_differs(home: Home) -> None:
    landed(home, "a.ndjson", quote("1", region="A", tags=["x", "y"]))
    landed(home, "b.ndjson", quote("1", region="B", tags=["x"], reason=1.50) | {"aggregateVersion": 2})
    found = quarantine.show(home, 2)
    assert json.loads(str(found.first))["payload"]["region"] == "A"
    assert json.loads(str(found.second))["payload"]["region"] == "B"
    assert found.differences == (
        Difference("aggregateVersion", "1", "2"),
        Difference("payload.reason", None, "1.5"),
        Difference("payload.region", '"A"', '"B"'),
        Difference("payload.tags[1]", '"y"', None),
    )


def test_a_retry_of_lines_that_are_still_wrong_writes_nothing(home: Home) -> None:
    landed(home, "a.ndjson", b"not json", quote("2", quoteRevision=0))
    before = quarantined(home)
    result = quarantine.retry(home, **WHO)
    assert (result.tried, result.verdicts, result.resolutions, result.batch_seq) == (2, Verdicts(), (), None)
    assert [one.problem.reason for one in result.still_refused if one.problem] == ["not_json", "wrong_value"]
    assert quarantined(home) == before
    assert arrivals(home) == [1, 2]
    assert list(ledger.read(home)) == []


def test_after_a_repaired_contract_a_retry_lands_what_is_valid_now(home: Home) -> None:
    with contract_without("QuoteCreated", "kind", "AMENDMENT"):
        landed(home, "a.ndjson", quote("0"), quote("1", kind="AMENDMENT"), b"not json")
        assert [one.reason_code for one in quarantine.list_entries(home)] == ["wrong_value", "not_json"]
        assert quarantine.retry(home, **WHO).resolutions == ()
    before = quarantined(home)
    result = quarantine.retry(home, **WHO)
    assert (result.tried, result.verdicts, result.batch_seq) == (2, Verdicts(accepted=1), 2)
    brought_in = events(home)[-1]
    assert (brought_in["event_id"], brought_in["file_name"], brought_in["line_number"]) == ("1", "a.ndjson", 2)
    assert (brought_in["arrival_seq"], brought_in["batch_seq"], brought_in["replaces_arrival_seq"]) == (4, 2, None)
    assert quarantined(home) == before
    assert arrivals(home) == [3]
    resolved = quarantine.list_entries(home, Filters(with_resolved=True))[0].resolution
    assert resolved == result.resolutions[0]
    assert (resolved.decision, resolved.reason, resolved.resolved_by) == (Decision.RETRIED, *WHO.values())
    assert resolved.batch_seq == 2
    (record,) = ledger.read(home)
    assert record.kind == "resolution"
    assert record.body == {
        "resolution_seq": 1,
        "rows": 1,
        "arrival_seqs": ["2"],
        "decision": "retried",
        "reason": "as agreed with sales",
        "resolved_by": "Ada",
        "batch_seq": 2,
    }
    assert quarantine.retry(home, **WHO).resolutions == ()
    assert len(events(home)) == 2


def test_a_retried_line_finds_its_verdict_like_any_line(home: Home) -> None:
    with contract_without("QuoteCreated", "kind", "AMENDMENT"):
        landed(home, "a.ndjson", *(quote(event_id, kind="AMENDMENT") for event_id in "123"))
    landed(home, "meanwhile.ndjson", quote("1", kind="AMENDMENT"), quote("2", kind="RENEWAL"))
    result = quarantine.retry(home, Filters(event_type="QuoteCreated"), **WHO)
    assert result.verdicts == Verdicts(accepted=1, duplicate=1, conflict=1)
    (conflict,) = quarantine.list_entries(home)
    assert (conflict.event_id, conflict.verdict, conflict.batch_seq) == ("2", Verdict.CONFLICT, 3)
    assert quarantine.show(home, conflict.arrival_seq).differences[0].second == '"AMENDMENT"'


def test_a_retry_keeps_to_its_filters_and_leaves_files_refused_as_a_whole(home: Home) -> None:
    import gzip

    with contract_without("QuoteCreated", "kind", "AMENDMENT"):
        landed(home, "a.ndjson", quote("1", kind="AMENDMENT"))
        landed(home, "b.ndjson", quote("2", kind="AMENDMENT"))
    whole = gzip.compress(json.dumps(quote("3")).encode() + b"\n")
    landed(home, "torn.ndjson.gz", whole[:-12])
    (home.root / "torn.ndjson.gz").write_bytes(whole[:-4])
    torn = [one for one in quarantine.list_entries(home) if one.file_name == "torn.ndjson.gz"]
    result = quarantine.retry(home, Filters(file_name="b.ndjson"), **WHO)
    assert (result.tried, result.verdicts.accepted) == (1, 1)
    assert quarantine.retry(home, **WHO).tried == 1
    assert arrivals(home) == [one.arrival_seq for one in torn] != []


def test_keep_first_closes_the_conflict_and_changes_no_event(conflicting: Home) -> None:
    before = events(conflicting)
    rows = quarantined(conflicting)
    made = quarantine.resolve(conflicting, 2, Decision.KEEP_FIRST, **WHO)
    assert [(one.resolution_seq, one.arrival_seq, one.batch_seq) for one in made] == [(1, 2, None), (2, 3, None)]
    assert events(conflicting) == before
    assert quarantined(conflicting) == rows
    assert [one.event_id for one in quarantine.list_entries(conflicting)] == ["1"]
    assert arrivals(conflicting) == [4]
    (record,) = ledger.read(conflicting)
    assert (record.body["decision"], record.body["arrival_seqs"]) == ("keep_first", ["2-3"])


def test_take_second_puts_the_second_content_in_force(conflicting: Home) -> None:
    made = quarantine.resolve(conflicting, 3, Decision.TAKE_SECOND, **WHO)
    assert [(one.arrival_seq, one.batch_seq) for one in made] == [(2, 5), (3, 5)]
    first, second = events(conflicting)
    assert (second["replaces_arrival_seq"], second["file_name"], second["batch_seq"]) == (1, "b2.ndjson", 5)
    assert first["arrival_seq"] == 1
    assert regions_in_force(conflicting) == ["B"]
    again = landed(conflicting, "b3.ndjson", quote("1", region="B"), quote("1", region="B"))
    assert again.verdicts == Verdicts(duplicate=2)


def test_a_second_decision_replaces_what_the_first_put_in_force(conflicting: Home) -> None:
    quarantine.resolve(conflicting, 2, Decision.TAKE_SECOND, **WHO)
    quarantine.resolve(conflicting, 4, Decision.TAKE_SECOND, **WHO)
    assert [event["replaces_arrival_seq"] for event in events(conflicting)] == [None, 1, 5]
    assert regions_in_force(conflicting) == ["C"]
    assert arrivals(conflicting) == []
    assert [record.body["resolution_seq"] for record in ledger.read(conflicting)] == [1, 3]


def test_what_lost_against_the_first_content_may_come_again(conflicting: Home) -> None:
    (made, *_) = quarantine.resolve(conflicting, 2, Decision.KEEP_FIRST, **WHO)
    landed(conflicting, "again.ndjson", quote("1", region="B"), quote("1", region="C"))
    assert arrivals(conflicting) == [4, 6]
    (repeated,) = [
        one for one in quarantine.list_entries(conflicting, Filters(with_resolved=True)) if one.arrival_seq == 5
    ]
    assert repeated.resolution is not None
    assert (repeated.resolution.decision, repeated.resolution.resolved_by) == (Decision.KEEP_FIRST, "Ada")
    assert repeated.resolution.reason == f"decided before, in resolution {made.resolution_seq}: {WHO['reason']}"
    assert [record.body["arrival_seqs"] for record in ledger.read(conflicting)] == [["2-3"], ["5"]]


def test_what_was_replaced_may_come_again_and_only_against_what_replaced_it(conflicting: Home) -> None:
    quarantine.resolve(conflicting, 2, Decision.TAKE_SECOND, **WHO)
    again = landed(conflicting, "again.ndjson", quote("1", region="A"), b"")
    assert again.verdicts == Verdicts(conflict=1)
    assert arrivals(conflicting) == [4]
    quarantine.resolve(conflicting, 4, Decision.TAKE_SECOND, **WHO)
    landed(conflicting, "later.ndjson", quote("1", region="A"), quote("1", region="B"))
    assert arrivals(conflicting) == [8]
    assert regions_in_force(conflicting) == ["C"]


def test_the_same_decision_again_changes_nothing_and_another_one_is_refused(conflicting: Home) -> None:
    made = quarantine.resolve(conflicting, 2, Decision.TAKE_SECOND, **WHO)
    files = sorted(conflicting.lake.rglob("*.parquet"))
    assert quarantine.resolve(conflicting, 2, Decision.TAKE_SECOND, reason="again", resolved_by="Bob") == made[:1]
    with pytest.raises(Refused, match="was resolved by Ada with take_second"):
        quarantine.resolve(conflicting, 2, Decision.KEEP_FIRST, **WHO)
    assert sorted(conflicting.lake.rglob("*.parquet")) == files
    assert len(list(ledger.read(conflicting))) == 1


@pytest.mark.parametrize("nothing", ["", "  \n"])
def test_a_decision_needs_a_reason_and_a_name(conflicting: Home, nothing: str) -> None:
    for who in ({**WHO, "reason": nothing}, {**WHO, "resolved_by": nothing}):
        with pytest.raises(Unusable, match="needs a reason and the name"):
            quarantine.resolve(conflicting, 2, Decision.KEEP_FIRST, **who)
        with pytest.raises(Unusable, match="needs a reason and the name"):
            quarantine.retry(conflicting, **who)
    assert arrivals(conflicting) == [2, 3, 4]


def test_only_conflicts_are_resolved_and_only_as_conflicts_are(home: Home) -> None:
    landed(home, "a.ndjson", b"not json")
    with pytest.raises(Unusable, match="is no conflict"):
        quarantine.resolve(home, 1, Decision.KEEP_FIRST, **WHO)
    with pytest.raises(Unusable, match="no line in quarantine has arrival 9"):
        quarantine.resolve(home, 9, Decision.KEEP_FIRST, **WHO)
    with pytest.raises(Unusable, match="keep_first or take_second"):
        quarantine.resolve(home, 1, Decision.RETRIED, **WHO)


def test_every_reason_that_landing_gives_is_documented() -> None:
    refusing = {kind.reason for kind in decompress.FileRefused.__subclasses__()}
    assert len(refusing) == 2
    given = {framing.TRUNCATED_FILE, identity.OTHER_CONTENT, identity.OTHER_CONTENT_AGAIN, *refusing}
    assert given <= set(Reason)


def test_conflicts_are_not_retried(conflicting: Home) -> None:
    assert quarantine.retry(conflicting, **WHO).tried == 0
