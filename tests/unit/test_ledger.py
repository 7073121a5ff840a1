"""The ledger keeps every record, and shows every change to one."""

import json
import multiprocessing
from pathlib import Path

import pytest

from orchestration.errors import Unusable
from orchestration.home import Home
from orchestration.reconciliation import ledger


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


@pytest.fixture
def filled(home: Home) -> Home:
    for number in range(5):
        ledger.append(home, "check", {"key": f"k{number}", "left": "1.0000", "right": "1.0000"})
    return home


def lines(home: Home) -> list[bytes]:
    return home.ledger.read_bytes().splitlines(keepends=True)


def test_append_chains_records(filled: Home) -> None:
    records = list(ledger.read(filled))
    assert [record.seq for record in records] == [1, 2, 3, 4, 5]
    assert records[0].prev_hash == ledger.GENESIS
    assert [record.prev_hash for record in records[1:]] == [record.hash for record in records[:-1]]
    result = ledger.walk(filled)
    assert (result.ok, result.records, result.head_hash) == (True, 5, records[-1].hash)


def test_empty_ledger_holds(home: Home) -> None:
    assert list(ledger.read(home)) == []
    assert ledger.walk(home).ok


def _edit_amount(content: list[bytes]) -> list[bytes]:
    return [*content[:2], content[2].replace(b'"left":"1.0000"', b'"left":"2.0000"'), *content[3:]]


def _rehash_only_itself(content: list[bytes]) -> list[bytes]:
    record = json.loads(content[2])
    record["body"]["left"] = "2.0000"
    del record["hash"]
    record["hash"] = ledger.hashlib.sha256(ledger.canonical(record).encode()).hexdigest()
    return [*content[:2], (ledger.canonical(record) + "\n").encode(), *content[3:]]


@pytest.mark.parametrize(
    ("tamper", "line", "what"),
    [
        (_edit_amount, 3, "content was changed"),
        (_rehash_only_itself, 4, "prev_hash"),
        (lambda c: c[:2] + c[3:], 3, "seq is 4, expected 3"),
        (lambda c: [c[0], c[2], c[1], *c[3:]], 2, "seq is 3, expected 2"),
        (lambda c: [*c[:2], c[1], *c[2:]], 3, "seq is 2, expected 3"),
        (lambda c: [*c[:1], c[1].replace(b":", b": ", 1), *c[2:]], 2, "canonical"),
        (lambda c: [*c[:1], b"\n", *c[1:]], 2, "not JSON"),
        (lambda c: [*c[:1], b"{}\n", *c[1:]], 2, "not a record"),
        (lambda c: c[1:], 1, "seq is 2, expected 1"),
    ],
)
def test_tampering_is_found_at_its_record(filled: Home, tamper, line: int, what: str) -> None:  # type: ignore[no-untyped-def]
    filled.ledger.write_bytes(b"".join(tamper(lines(filled))))
    result = ledger.walk(filled)
    assert not result.ok
    assert result.breaks[0].line == line
    assert what in result.breaks[0].what
    assert result.records == line - 1
    with pytest.raises(Unusable, match=f"record {line}: "):
        list(ledger.read(filled))


def test_changing_one_record_is_one_break(filled: Home) -> None:
    filled.ledger.write_bytes(b"".join(_edit_amount(lines(filled))))
    assert len(ledger.walk(filled).breaks) == 1


@pytest.mark.parametrize("kept", [1, 40, -1])
def test_torn_last_line_is_dropped_and_told(filled: Home, kept: int) -> None:
    content = lines(filled)
    torn = content[4][:kept]
    filled.ledger.write_bytes(b"".join(content[:4]) + torn)
    assert ledger.walk(filled).torn_bytes == len(torn)
    assert len(list(ledger.read(filled))) == 4

    record = ledger.append(filled, "audit", {"n": 1})

    assert ledger.walk(filled).ok
    records = list(ledger.read(filled))
    assert [r.kind for r in records[4:]] == ["repair", "audit"]
    assert records[4].body["dropped_bytes"] == len(torn)
    assert record == records[-1]


@pytest.mark.parametrize("end", [b"\x0b", b"*", b"\xff"])
def test_a_changed_last_byte_is_no_torn_line(filled: Home, end: bytes) -> None:
    """Dropped as torn, the last record would be lost unseen: a write that was cut short is the front of a record."""
    filled.ledger.write_bytes(filled.ledger.read_bytes()[:-1] + end)
    (found,) = ledger.walk(filled).breaks
    assert (found.line, found.what) == (5, ledger.NO_TORN_WRITE)
    with pytest.raises(Unusable, match="no record that was cut short"):
        ledger.append(filled, "check", {})
    assert filled.ledger.read_bytes().endswith(end)


def test_torn_first_line(home: Home) -> None:
    home.ledger.parent.mkdir()
    home.ledger.write_bytes(b'{"seq":1')
    ledger.append(home, "check", {})
    assert [record.kind for record in ledger.read(home)] == ["repair", "check"]


def test_append_refuses_to_continue_from_a_broken_record(filled: Home) -> None:
    content = lines(filled)
    filled.ledger.write_bytes(b"".join(content[:4]) + content[4].replace(b"1.0000", b"2.0000"))
    before = filled.ledger.read_bytes()
    with pytest.raises(Unusable, match="record 5: "):
        ledger.append(filled, "check", {})
    assert filled.ledger.read_bytes() == before


def test_records_longer_than_the_read_buffer(home: Home) -> None:
    for number in range(3):
        ledger.append(home, "check", {"text": "x" * 200_000, "number": number})
    assert ledger.walk(home).records == 3


def test_floats_are_refused(home: Home) -> None:
    with pytest.raises(TypeError, match=r"body\.body\.amounts\[1\].*float"):
        ledger.append(home, "check", {"amounts": ["1", 0.1]})
    assert list(ledger.read(home)) == []


def test_a_full_disk_leaves_the_ledger_as_it_was(filled: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    before = filled.ledger.read_bytes()
    real_write = ledger.os.write

    def half(handle: int, data: bytes) -> int:
        if len(data) > 100:
            return real_write(handle, data[:100])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(ledger.os, "write", half)
    with pytest.raises(Unusable, match="No space left"):
        ledger.append(filled, "check", {})
    assert filled.ledger.read_bytes() == before


def _append_some(root: str) -> None:
    for _ in range(20):
        ledger.append_all(Home(Path(root)), [("check", {"a": 1}), ("check", {"a": 2})])


def test_writers_at_the_same_time_make_one_chain(home: Home) -> None:
    context = multiprocessing.get_context("fork")
    writers = [context.Process(target=_append_some, args=(str(home.root),)) for _ in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    result = ledger.walk(home)
    assert (result.ok, result.records) == (True, 160)
    values = [record.body["a"] for record in ledger.read(home)]
    assert values == [1, 2] * 80
