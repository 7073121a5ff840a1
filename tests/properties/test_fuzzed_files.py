"""Files of events of every type, damaged at random: landing never fails, and every line of them is accounted for once.

`make proof` draws TIEOUT_PROOF_FILES files, CI 60; the seed is fixed, so a run can be repeated. Some are drawn twice.
"""

import gzip
import hashlib
import json
import os
import sys
from collections import Counter
from collections.abc import Callable
from typing import Any

import duckdb
import pytest
import zstandard
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from orchestration.contracts import registry
from orchestration.contracts.examples import as_cloudevent, example
from orchestration.contracts.strict_json import Problem
from orchestration.contracts.validate import judge
from orchestration.home import Home
from orchestration.landing import batches, land
from orchestration.landing.results import Status
from tests.properties.test_landing_soundness import broken, text_of
from tests.unit.landing.landing_files import check_every_line_is_accounted_for

FULL_SIZE = int(os.environ.get("TIEOUT_PROOF_FILES", "360"))
IN_CI = 60
NUMBERS = rb'1e400 -0 NaN 0.00005 99999999999999999999 1. 01 "1,5" true 1e-999999999 null'.split()
CONTROL = [bytes([number]) for number in (0, 1, 7, 8, 9, 11, 12, 13, 27, 31, 127, 0x80, 0xC0, 0xED, 0xFF)]
identities = st.uuids().map(str)


@st.composite
def damaged_lines(draw: st.DrawFn) -> bytes:
    """An event of any type, sound or damaged in its structure, in its bytes, or in both."""
    event: Any = example(draw(st.sampled_from(registry.event_types())))
    event["eventId"] = draw(identities)
    if draw(st.integers(0, 2)) == 0:
        event = as_cloudevent(event)
    event = json.loads(json.dumps(event, default=str))
    for _ in range(draw(st.sampled_from([0, 0, 1, 2]))):
        event = broken(draw, event)
    line = text_of(event, {"comma": ",", "colon": ":", "ascii": draw(st.booleans())}).encode()
    for _ in range(draw(st.sampled_from([0, 0, 1, 3]))):
        line = _damaged(draw, line)
    return line.replace(b"\n", b" ")


def _damaged(draw: st.DrawFn, line: bytes) -> bytes:
    place = draw(st.integers(0, max(len(line) - 1, 0)))
    how = draw(st.sampled_from(["flip", "cut", "insert", "number", "nest", "encode", "repeat"]))
    if how == "flip" and line:
        return line[:place] + bytes([line[place] ^ 1 << draw(st.integers(0, 7))]) + line[place + 1 :]
    if how == "cut":
        return line[:place]
    if how == "insert":
        return line[:place] + draw(st.sampled_from(CONTROL)) + line[place:]
    if how == "number":
        old = draw(st.sampled_from([b'"1234.5600"', b'"3"', b'"0.5"', b'"12.5"', b":1,"]))
        new = draw(st.sampled_from(NUMBERS))
        return line.replace(old, b":" + new + b"," if old == b":1," else new, 1)
    if how == "nest":
        depth = draw(st.sampled_from([1, 100, 5000]))
        return line.replace(b'"ID-1"', b"[" * depth + b"1" + b"]" * depth, 1)
    if how == "encode":
        encoding = draw(st.sampled_from(["utf-16", "utf-32", "cp1252", "utf-8-sig"]))
        return line.decode("utf-8", "replace").encode(encoding, "replace")
    return line + line[place:]


def _flipped(content: bytes, place: int) -> bytes:
    at = place % len(content)
    return content[:at] + bytes([content[at] ^ 1 << place % 8]) + content[at + 1 :]


PACKINGS: dict[str, Callable[[bytes], bytes]] = {
    "ndjson": lambda content: content,
    "ndjson.gz": lambda content: gzip.compress(content, mtime=0),
    "ndjson.zst": lambda content: zstandard.ZstdCompressor(write_checksum=True).compress(content),
}


@st.composite
def packed(draw: st.DrawFn) -> tuple[list[bytes], bytes, str, bool]:
    """Lines, the bytes of their file, its ending, and whether the file as a whole was damaged."""
    damaged = draw(st.lists(damaged_lines(), min_size=1, max_size=8))
    identity = hashlib.sha256(b"\n".join(damaged)).hexdigest()
    lines = [json.dumps({**example("AccountUpserted"), "eventId": identity}).encode(), *damaged]
    content = draw(st.sampled_from([b"\n", b"\r\n"])).join(lines) + draw(st.sampled_from([b"\n", b""]))
    ending = draw(st.sampled_from(["ndjson", "ndjson", *PACKINGS]))
    content = PACKINGS[ending](content)
    is_damaged = ending != "ndjson" and draw(st.booleans())
    if is_damaged:
        place = draw(st.integers(1, len(content) - 1))
        content = draw(st.sampled_from([content[:place], _flipped(content, place), content + content[:place]]))
    return lines, content, ending, is_damaged


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return Home(tmp_path_factory.mktemp("fuzzed") / "home")


def rows_of_last_batch(home: Home, kind: str) -> list[dict[str, Any]]:
    folder = home.lake / "batches" / f"batch_seq={batches(home)[-1].batch_seq:08d}" / kind
    if not list(folder.rglob("*.parquet")):
        return []
    with duckdb.connect() as connection:
        connection.execute(f"from read_parquet('{folder}/**/*.parquet', hive_partitioning = true)")
        names = [column[0] for column in connection.description or ()]
        return [dict(zip(names, row, strict=True)) for row in connection.fetchall()]


def check(home: Home, file: tuple[list[bytes], bytes, str, bool], seen: Counter[str]) -> None:
    lines, content, ending, is_damaged = file
    path = home.root / "files" / f"{len(batches(home)) if home.lake.exists() else 0}.{ending}"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    result = land(home, [path]).files[0]
    if result.status is Status.ALREADY_LANDED:
        return
    events, duplicates = rows_of_last_batch(home, "events"), rows_of_last_batch(home, "duplicates")
    quarantined = rows_of_last_batch(home, "quarantine")
    told = [*events, *duplicates, *quarantined]
    assert result.verdicts.total == len(told) == result.lines
    seen.update(["accepted"] * len(events) + [row["reason_code"] for row in quarantined])
    if is_damaged:
        # What an archive that is broken further on gave before must be what was packed into it, not a likeness.
        known = {row["payload"] for line in lines for row in [_accepted(line)] if row}
        assert {json.dumps(json.loads(row["payload"]), sort_keys=True) for row in events} <= known
        return
    by_number = {row["line_number"]: row for row in told}
    filled = {number: line for number, line in enumerate(lines, start=1) if line.strip(b" \t\r")}
    assert len(by_number) == len(told)
    assert by_number.keys() == filled.keys()
    held = {row["line_number"]: row for row in quarantined}
    for number, line in filled.items():
        verdict = judge(line)
        if isinstance(verdict, Problem):
            assert held[number]["reason_code"] == verdict.reason.value, line
            assert bytes(held[number]["raw_line"]).rstrip(b"\r") == line.rstrip(b"\r")
        else:
            assert number not in held or held[number]["verdict"] == "conflict", line


def _accepted(line: bytes) -> dict[str, Any] | None:
    verdict = judge(line)
    if isinstance(verdict, Problem):
        return None
    return {"payload": json.dumps(json.loads(line).get("payload", json.loads(line).get("data")), sort_keys=True)}


FIXED: dict[str, Any] = {
    "derandomize": True,
    "deadline": None,
    "suppress_health_check": list(HealthCheck),
    "database": None,
    "phases": [Phase.generate],
}


def fuzz(home: Home, count: int) -> Counter[str]:
    """Land so many fuzzed files; returns how often each reason was seen, and how many events were accepted."""
    seen: Counter[str] = Counter()

    @settings(max_examples=count, **FIXED)
    @given(packed())
    def run(file: tuple[list[bytes], bytes, str, bool]) -> None:
        check(home, file, seen)

    run()
    check_every_line_is_accounted_for(home)
    return seen


def test_every_line_of_fuzzed_files_is_accounted_for(home: Home) -> None:
    seen = fuzz(home, IN_CI)
    assert seen["accepted"] > IN_CI // 2, (seen, len(batches(home)))
    assert len(seen) > 8, seen


@pytest.mark.proof
def test_every_line_of_many_fuzzed_files_is_accounted_for(home: Home, record_property: Any) -> None:
    seen = fuzz(home, FULL_SIZE)
    assert len(batches(home)) > FULL_SIZE * 5 // 6, "of 360 files drawn, at least 300 are not alike"
    assert seen["accepted"] > FULL_SIZE // 2
    assert len(seen) > 12, seen
    record_property("fuzz: files", len(batches(home)) - 1)
    record_property("fuzz: lines", batches(home)[-1].manifest["arrival"]["next"] - 1)
    record_property("fuzz: reasons seen", len(seen) - 1)


def test_a_line_that_is_lost_or_changed_shows(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    true_rows = rows_of_last_batch

    def lost(home: Home, kind: str) -> list[dict[str, Any]]:
        return [] if kind == "quarantine" else true_rows(home, kind)

    def changed(home: Home, kind: str) -> list[dict[str, Any]]:
        return [row | {"raw_line": b"other"} if kind == "quarantine" else row for row in true_rows(home, kind)]

    for number, wrong in enumerate((lost, changed)):
        line = b"no event %d" % number
        monkeypatch.setattr(sys.modules[__name__], "rows_of_last_batch", wrong)
        with pytest.raises(AssertionError):
            check(home, ([line], line + b"\n", "ndjson", False), Counter())
