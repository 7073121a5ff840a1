"""Files that somebody broke, by accident or not: landing survives, and every line of them is accounted for."""

import errno
import json
import os
import subprocess
import sys
import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from orchestration.home import Home
from orchestration.landing import DiskFull, FilesUnusable, Limits, Verdicts, lake_state, land
from tests.unit.landing.landing_files import (
    account,
    accounts,
    check_every_line_is_accounted_for,
    land_one,
    reasons,
    rows,
    text,
    write,
    write_bytes,
)

SMALL = Limits(line_bytes=64 * 1024, kept_bytes=100 * 1024, chunk_bytes=16 * 1024)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


def with_name(name: bytes) -> bytes:
    """A valid line but for what is put in its text."""
    return text(account("x", "NAME")).replace(b"NAME", name)


def with_version(version: bytes) -> bytes:
    return text(account("x")).replace(b'"aggregateVersion": 1', b'"aggregateVersion": ' + version)


def invoice(amount: bytes) -> bytes:
    event = account("b", eventType="PriceBookEntryUpserted", aggregateType="PriceBookEntry")
    event["payload"] = {
        "priceBookVersion": "1",
        "productOfferingId": "1",
        "currency": "EUR",
        "chargeType": "USAGE",
        "listUnitPrice": "?",
        "validFrom": "2026-01-01",
    }
    return text(event).replace(b'"?"', amount)


HOSTILE: dict[str, tuple[bytes, str]] = {
    "not JSON": (b"nope", "not_json"),
    "half a line": (text(account("x"))[:50], "not_json"),
    "two on one line": (text(account("x")) + b" " + text(account("y")), "not_json"),
    "two with a lone CR between": (text(account("x")) + b"\r" + text(account("y")), "not_json"),
    "a text": (b'"x"', "not_an_object"),
    "a number": (b"7", "not_an_object"),
    "null": (b"null", "not_an_object"),
    "NUL byte": (with_name(b"a\0b"), "nul_byte"),
    "only NUL": (b"\0\0\0", "nul_byte"),
    "escaped NUL": (with_name(rb"a\u0000b"), "nul_byte"),
    "cp1252": (with_name("Müller".encode("cp1252")), "not_utf8"),
    "overlong UTF-8": (with_name(b"\xc0\xaf"), "not_utf8"),
    "surrogate in UTF-8": (with_name(b"\xed\xa0\x80"), "not_utf8"),
    "half a character": (with_name(rb"\ud800"), "not_utf8"),
    "UTF-16": (text(account("x")).decode().encode("utf-16").replace(b"\n", b" "), "nul_byte"),
    "byte order mark inside": (b"\xef\xbb\xbf" + text(account("x")), "not_json"),
    "tab in a text": (with_name(b"a\tb"), "not_json"),
    "duplicate key": (text(account("x"))[:-1] + b', "eventId": "y"}', "duplicate_key"),
    "duplicate key in the payload": (with_name(b'a", "name": "b'), "duplicate_key"),
    "duplicate payload": (text(account("x"))[:-1] + b', "payload": {}}', "duplicate_key"),
    "trailing comma": (text(account("x"))[:-1] + b",}", "not_json"),
    "NaN": (invoice(b"NaN"), "not_json"),
    "Infinity": (invoice(b"-Infinity"), "not_json"),
    "1e400": (invoice(b"1e400"), "bad_amount"),
    "thirty digits": (invoice(b"1" * 30), "bad_amount"),
    "a million digits": (invoice(b"1" * 1_000_000), "bad_amount"),
    "an endless exponent": (invoice(b"1e999999999999999999"), "bad_amount"),
    "five decimals": (invoice(b"1.00001"), "too_many_decimals"),
    "true as an amount": (invoice(b"true"), "bad_amount"),
    "version 0": (with_version(b"0"), "wrong_value"),
    "version 1.5": (with_version(b"1.5"), "wrong_type"),
    "no zone": (text(account("x", eventTime="2026-03-01T12:00:00")), "bad_time"),
    "year 0000": (text(account("x", eventTime="0000-01-01T00:00:00Z")), "bad_time"),
    "before year 1": (text(account("x", eventTime="0001-01-01T00:00:00+01:00")), "bad_time"),
    "after year 9999": (text(account("x", eventTime="9999-12-31T23:59:59-01:00")), "bad_time"),
    "10 000 deep": (b'{"a":' * 10_000 + b"1" + b"}" * 10_000, "too_deep"),
    "10 000 deep in the payload": (with_name(b"x").replace(b'"x"', b"[" * 10_000 + b"]" * 10_000), "too_deep"),
    "10 000 deep, never closed": (b'{"a":' * 10_000, "too_deep"),
    "a million open braces": (b"{" * 1_000_000, "not_json"),
    "unknown type": (text(account("x", eventType="Nonsense")), "unknown_event_type"),
    "unknown version": (text(account("x", schemaVersion=99)), "unknown_schema_version"),
    "version too great for an integer": (text(account("x", schemaVersion=10**14)), "unknown_schema_version"),
    "no source": (text({key: value for key, value in account("x").items() if key != "source"}), "missing_field"),
    "empty source": (text(account("x", source="")), "wrong_length"),
    "id too long": (text(account("x" * 201)), "wrong_length"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_line_hurts_only_itself(home: Home, tmp_path: Path, name: str) -> None:
    line, reason = HOSTILE[name]
    file = write(tmp_path / "a.ndjson", [account("before"), line, account("after")])
    assert land_one(home, file) == Verdicts(accepted=2, quarantined=1)
    (row,) = rows(home, "quarantine")
    assert row["reason_code"] == reason
    assert bytes(row["raw_line"]) == line
    assert (row["file_name"], row["line_number"]) == ("a.ndjson", 2)
    assert [event["line_number"] for event in rows(home, "events")] == [1, 3]
    assert row["message"]


def test_all_hostile_lines_together(home: Home, tmp_path: Path) -> None:
    lines = [line for line, _ in HOSTILE.values()]
    mixed: list[Any] = [part for i, line in enumerate(lines) for part in (account(f"e{i}"), line)]
    assert land_one(home, write(tmp_path / "a.ndjson.gz", mixed)) == Verdicts(
        accepted=len(lines), quarantined=len(lines)
    )
    assert [row["line_number"] for row in rows(home, "quarantine")] == [2 * i + 2 for i in range(len(lines))]
    assert sorted(reasons(home)) == sorted(reason for _, reason in HOSTILE.values())


def test_identity_is_kept_where_it_can_be_read(home: Home, tmp_path: Path) -> None:
    land_one(home, write(tmp_path / "a.ndjson", [account("x", eventTime="yesterday")]))
    (row,) = rows(home, "quarantine")
    assert (row["source_system"], row["event_id"], row["event_type"]) == ("crm", "x", "AccountUpserted")
    assert (row["aggregate_type"], row["aggregate_id"], row["field"]) == ("Account", "A-x", "eventTime")


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z"])
def test_the_ends_of_time_are_kept(home: Home, tmp_path: Path, at: str) -> None:
    assert land_one(home, write(tmp_path / "a.ndjson", [account("1", eventTime=at)])) == Verdicts(accepted=1)
    (event,) = rows(home, "events")
    assert event["event_time"].isoformat() + "Z" == at


def test_line_ends_and_byte_order_mark(home: Home, tmp_path: Path) -> None:
    lines = [text(event) for event in accounts(4)]
    content = b"\xef\xbb\xbf" + lines[0] + b"\r\n" + lines[1] + b"\n\n\r\n \t\n" + lines[2] + b"\n  " + lines[3]
    file = write_bytes(tmp_path / "a.ndjson", content)
    assert land(home, [file]).files[0].blank == 3
    assert [row["line_number"] for row in rows(home, "events")] == [1, 2, 6, 7]
    check_every_line_is_accounted_for(home)


@pytest.mark.parametrize("ending", [b"", b"\n", b"\r\n", b"\n\n\n"])
def test_the_last_line_counts_with_and_without_an_end(home: Home, tmp_path: Path, ending: bytes) -> None:
    content = b"\n".join(map(text, accounts(3))) + ending
    assert land_one(home, write_bytes(tmp_path / "a.ndjson", content)) == Verdicts(accepted=3)


@pytest.mark.parametrize("size", [70 * 1024, 300 * 1024])
@pytest.mark.parametrize("closed", [True, False])
def test_a_long_line_is_kept_up_to_a_bound(home: Home, tmp_path: Path, size: int, closed: bool) -> None:
    line = b"x" * size
    content = text(account("1")) + b"\n" + line + (b"\n" + text(account("2")) if closed else b"")
    verdicts = land_one(home, write_bytes(tmp_path / "a.ndjson", content), SMALL)
    assert verdicts == Verdicts(accepted=2 if closed else 1, quarantined=1)
    (row,) = rows(home, "quarantine")
    assert (row["reason_code"], row["line_number"]) == ("line_too_long", 2)
    assert f"{size}" in row["message"] or f"{size + 1}" in row["message"]
    kept = bytes(row["raw_line"])
    assert kept == line[: len(kept)]
    assert len(kept) >= min(size, SMALL.kept_bytes)
    assert ("sha256 of all" in row["message"]) == (len(kept) < size)


def test_a_line_of_100_megabytes(home: Home, tmp_path: Path) -> None:
    path = tmp_path / "a.ndjson"
    with path.open("wb") as file:
        file.write(text(account("1")) + b'\n{"eventId": "')
        for _ in range(100):
            file.write(b"x" * 1_000_000)
        file.write(b'"}\n' + text(account("2")) + b"\n")
    tracemalloc.start()
    verdicts = land_one(home, path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert verdicts == Verdicts(accepted=2, quarantined=1)
    assert peak < 800_000_000
    (length,) = rows(home, "quarantine", "octet_length(raw_line) as length, reason_code")
    assert length == {"length": 100_000_015, "reason_code": "line_too_long"}


@pytest.mark.parametrize(
    ("content", "verdicts", "reason"),
    [
        (b"[1,", Verdicts(quarantined=2), "truncated_file"),
        (b'[{"a":1', Verdicts(quarantined=1), "truncated_file"),
        (b"[] x", Verdicts(quarantined=1), "not_json"),
        (b"[1] [2]", Verdicts(quarantined=2), "not_json"),
        (b"[1,,2]", Verdicts(quarantined=3), "not_an_object"),
        (b"[,]", Verdicts(quarantined=2), "not_json"),
        (b"[1}", Verdicts(quarantined=1), "truncated_file"),
        (b"[]", Verdicts(), None),
        (b" [ \n ] \n", Verdicts(), None),
        (b"[" * 10_000, Verdicts(quarantined=1), "truncated_file"),
        (b"[" + b"x" * 200_000 + b"]", Verdicts(quarantined=1), "line_too_long"),
        (b"[1, " + b"x" * 400_000, Verdicts(quarantined=2), "line_too_long"),
    ],
)
@pytest.mark.parametrize("chunk", [16, 1 << 20])
def test_broken_array_files(
    home: Home, tmp_path: Path, content: bytes, verdicts: Verdicts, reason: str | None, chunk: int
) -> None:
    limits = Limits(line_bytes=64 * 1024, kept_bytes=100 * 1024, chunk_bytes=chunk)
    assert land_one(home, write_bytes(tmp_path / "a.json", content), limits) == verdicts
    assert reasons(home)[-1:] == ([reason] if reason else [])


def test_a_long_array_file_in_small_chunks(home: Home, tmp_path: Path) -> None:
    content = json.dumps(accounts(500), indent=1).encode()
    assert land_one(home, write_bytes(tmp_path / "a.json.gz", content), SMALL) == Verdicts(accepted=500)
    assert [row["line_number"] for row in rows(home, "events")] == list(range(1, 501))


def test_links_out_of_the_folder_are_refused(home: Home, tmp_path: Path) -> None:
    inbox = tmp_path / "inbox"
    write(inbox / "good.ndjson", [account("1")])
    secret = write(tmp_path / "secret.ndjson", [account("2")])
    (inbox / "link.ndjson").symlink_to(secret)
    (inbox / "inside.ndjson").symlink_to(inbox / "good.ndjson")
    (inbox / "nowhere.ndjson").symlink_to(tmp_path / "nothing")
    (inbox / "folder.ndjson").mkdir()
    with pytest.raises(FilesUnusable, match=r"link\.ndjson: a link out of") as caught:
        land(home, [inbox])
    assert len(caught.value.result.errors) == 2
    assert [row["event_id"] for row in rows(home, "events")] == ["1"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission(home: Home, tmp_path: Path) -> None:
    path = write(tmp_path / "a.ndjson", [account("1")])
    path.chmod(0)
    with pytest.raises(FilesUnusable, match="Permission denied"):
        land(home, [path])


def test_permission_denied_is_told(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same for root, who is never denied: the system call is."""
    path = write(tmp_path / "a.ndjson", [account("1")])
    really_open = os.open

    def denied(name: Any, *rest: Any, **named: Any) -> int:
        if str(name) == str(path):
            raise PermissionError(errno.EACCES, "Permission denied", str(name))
        return really_open(name, *rest, **named)

    monkeypatch.setattr(os, "open", denied)
    with pytest.raises(FilesUnusable, match=r"a\.ndjson: cannot be read \(Permission denied\)"):
        land(home, [path])


def test_a_file_that_grows_while_it_is_read_is_not_landed(home: Home, tmp_path: Path) -> None:
    path = write(tmp_path / "a.ndjson", [account("1")])

    def grow(name: str) -> None:
        if name == "staged":
            with path.open("ab") as file:
                file.write(text(account("2")) + b"\n")

    with pytest.raises(FilesUnusable, match="written to while it was read"):
        land(home, [path], checkpoint=grow)
    assert lake_state(home).high_water == 0
    assert land_one(home, path) == Verdicts(accepted=2)


@pytest.mark.parametrize("where", ["fsync", "copy"])
def test_a_full_disk_leaves_nothing_visible(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    from orchestration.landing import lake, writing

    path = write(tmp_path / "a.ndjson", [account("1")])
    land(home, [write(tmp_path / "first.ndjson", [account("0")])])

    def full(*_: Any, **__: Any) -> Any:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        if where == "fsync":
            patch.setattr(lake, "_sync_file", full)
        else:
            patch.setattr(writing._Writer, "_copy", full)
        with pytest.raises(DiskFull, match=r"a\.ndjson") as caught:
            land(home, [path])
    assert caught.value.exit_code == 2
    assert lake_state(home).high_water == 1
    assert not list((home.lake / "tmp").glob("batch-*"))
    assert land_one(home, path) == Verdicts(accepted=1)


FULL_DISK = """
import json, os, subprocess, sys
from pathlib import Path
from orchestration.home import Home
from orchestration.landing import DiskFull, Limits, lake_state, land

disk, file = map(Path, sys.argv[1:])
subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(disk)], check=True)
home, limits, said = Home(disk / "home"), Limits(memory="200MB"), ""
try:
    land(home, [file], limits=limits)
except DiskFull as error:
    said = str(error)
seen = [lake_state(home).high_water, len(list((home.lake / "tmp").glob("batch-*")))]
subprocess.run(["mount", "-o", "remount,size=64m", str(disk)], check=True)
print(json.dumps([said, *seen, land(home, [file], limits=limits).verdicts.accepted]))
"""


def test_a_disk_that_is_really_full(tmp_path: Path) -> None:
    """On a small disk of its own, in a mount namespace that ends with the process."""
    disk = tmp_path / "disk"
    disk.mkdir()
    may = subprocess.run(
        ["unshare", "-m", "mount", "-t", "tmpfs", "tmpfs", str(disk)], capture_output=True, check=False
    )
    if may.returncode:
        pytest.skip("no right to mount a small disk")
    path = write(tmp_path / "a.ndjson", [account(f"e{i}", os.urandom(2000).hex()) for i in range(3000)])
    command = ["unshare", "-m", sys.executable, "-c", FULL_DISK, str(disk), str(path)]
    run = subprocess.run(command, capture_output=True, check=True, text=True)
    said, high_water, left_over, accepted = json.loads(run.stdout)
    assert "no space left on the disk" in said
    assert "a.ndjson" in said
    assert (high_water, left_over, accepted) == (0, 0, 3000)
