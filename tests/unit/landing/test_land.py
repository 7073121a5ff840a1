"""Files become batches: verdicts, manifests, repetition, order."""

import hashlib
import json
import os
import random
import shutil
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest
from landing_files import accepted_set, account, accounts, check_every_line_is_accounted_for, rows, text, write

from orchestration.contracts.examples import as_cloudevent, example
from orchestration.contracts.registry import event_types, stream_of
from orchestration.home import PROJECT_ROOT, Home
from orchestration.landing import (
    FilesUnusable,
    Status,
    Verdicts,
    add_new_event_types,
    batches,
    ensure_lake,
    lake_state,
    land,
)
from orchestration.landing.layout import DUPLICATE_COLUMNS, EVENT_COLUMNS, QUARANTINE_COLUMNS, RESOLUTION_COLUMNS
from orchestration.warehouse.lake import lake_breaks

NORTHWIND = Path(os.environ.get("TIEOUT_NORTHWIND") or PROJECT_ROOT / "../shared/data/northwind")


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


def test_the_empty_lake_has_a_schema_for_everything(home: Home) -> None:
    ensure_lake(home)
    with duckdb.connect() as con:
        for event_type in event_types():
            path = f"{home.lake}/batches/*/events/stream={stream_of(event_type)}/event_type={event_type}/*.parquet"
            described = con.execute(f"describe select * from read_parquet('{path}', hive_partitioning = false)")
            assert {name: kind for name, kind, *_ in described.fetchall()} == EVENT_COLUMNS
        for folder, columns in [
            ("batches/*/duplicates", DUPLICATE_COLUMNS),
            ("batches/*/quarantine", QUARANTINE_COLUMNS),
            ("resolutions", RESOLUTION_COLUMNS),
        ]:
            described = con.execute(
                f"describe from read_parquet('{home.lake}/{folder}/*.parquet', hive_partitioning = false)"
            )
            assert {name: kind for name, kind, *_ in described.fetchall()} == columns
    assert lake_state(home).high_water == 0
    assert lake_state(home).next_arrival_seq == 1
    before = (home.lake / "batches" / "batch_seq=00000000" / "manifest.json").read_bytes()
    ensure_lake(home)
    assert (home.lake / "batches" / "batch_seq=00000000" / "manifest.json").read_bytes() == before


@pytest.mark.parametrize("mend", [ensure_lake, add_new_event_types, lambda home: land(home, [])])
def test_a_lake_older_than_an_event_type_gets_its_empty_file(
    home: Home, tmp_path: Path, mend: Callable[[Home], object]
) -> None:
    land(home, [write(tmp_path / "a.ndjson", [account("1")])])
    empty, _ = batches(home)
    # As before these two came into the contract, the second with a stream of its own.
    shutil.rmtree(empty.folder / "events/stream=quote/event_type=QuotePriced")
    shutil.rmtree(empty.folder / "events/stream=control")
    mend(home)
    priced = f"{home.lake}/batches/*/events/stream=quote/event_type=QuotePriced/*.parquet"
    totals = f"{home.lake}/batches/*/events/stream=control/event_type=ControlTotalsPublished/*.parquet"
    with duckdb.connect() as con:
        for path in (priced, totals):
            described = con.execute(f"describe select * from read_parquet('{path}', hive_partitioning = false)")
            assert {name: kind for name, kind, *_ in described.fetchall()} == EVENT_COLUMNS
    assert lake_breaks(home, contents=True) == []
    assert batches(home)[0] == empty
    assert not list((home.lake / "tmp").iterdir())


def test_each_event_type_lands_where_it_belongs(home: Home, tmp_path: Path) -> None:
    events = [example(event_type) | {"eventId": event_type} for event_type in event_types()]
    result = land(home, [write(tmp_path / "all.jsonl", events)])
    assert result.verdicts == Verdicts(accepted=len(events))
    found = {(row["stream"], row["event_type"], row["event_id"]) for row in rows(home, "events")}
    assert found == {(stream_of(t), t, t) for t in event_types()}


def test_written_columns_of_batches_are_those_of_the_empty_lake(home: Home, tmp_path: Path) -> None:
    land(home, [write(tmp_path / "a.ndjson", [account("1"), account("1"), account("1", "Other"), b"nope"])])
    with duckdb.connect() as con:
        for kind, columns in [
            ("events/*/*", EVENT_COLUMNS),
            ("duplicates", DUPLICATE_COLUMNS),
            ("quarantine", QUARANTINE_COLUMNS),
        ]:
            path = f"{home.lake}/batches/batch_seq=00000001/{kind}/*.parquet"
            described = con.execute(f"describe from read_parquet('{path}', hive_partitioning = false)").fetchall()
            assert {name: kind for name, kind, *_ in described} == columns
    check_every_line_is_accounted_for(home)


def test_the_manifest_adds_up_and_forms_a_chain(home: Home, tmp_path: Path) -> None:
    priced = example("QuotePriced")
    priced["payload"]["lines"][0]["netAmount"] = "99999999999999.9999"
    priced["payload"]["lines"].append(priced["payload"]["lines"][0] | {"lineId": "ID-2", "netAmount": "0.0001"})
    future = account("f", eventTime="2999-01-01T00:00:00Z")
    file = write(tmp_path / "a.ndjson.gz", [account("1"), b"", priced, b"  ", account("1"), future, b"{"])
    result = land(home, [file, write(tmp_path / "b.ndjson", [account("2")])])
    empty, first, second = batches(home)
    assert first.manifest["file"] == {
        "name": "a.ndjson.gz",
        "sha256": hashlib.sha256(file.read_bytes()).hexdigest(),
        "bytes": file.stat().st_size,
        "lines": 5,
        "blank": 2,
        "refused": False,
    }
    assert first.manifest["verdicts"] == {"accepted": 3, "duplicate": 1, "conflict": 0, "quarantined": 1}
    assert result.files[0].verdicts.as_dict() == first.manifest["verdicts"]
    assert first.manifest["arrival"] == {"first": 1, "last": 5, "next": 6}
    assert first.manifest["control_sums"] == {"QuotePriced": {"EUR": {"events": 1, "amount": "100000000000000.0000"}}}
    assert first.manifest["event_time"] == {"least": "2026-03-01T12:00:00Z", "greatest": "2999-01-01T00:00:00Z"}
    assert first.manifest["as_of"] == "2026-03-31T21:30:00Z"
    assert first.manifest["sources"]["crm"] == {"accepted": 2, "high_water": "2999-01-01T00:00:00Z"}
    for name, said in first.manifest["files"].items():
        assert hashlib.sha256((first.folder / name).read_bytes()).hexdigest() == said["sha256"]
        assert pq.read_metadata(first.folder / name).num_rows == said["rows"]
    on_disk = {str(path.relative_to(first.folder)) for path in first.folder.rglob("*.parquet")}
    assert on_disk == set(first.manifest["files"])
    for earlier, later in [(empty, first), (first, second)]:
        digest = hashlib.sha256((earlier.folder / "manifest.json").read_bytes()).hexdigest()
        assert later.manifest["previous_manifest_sha256"] == digest == earlier.manifest_sha256
    check_every_line_is_accounted_for(home)


def test_the_same_file_again_changes_nothing(home: Home, tmp_path: Path) -> None:
    lines = [account("1"), account("1"), account("1", "Other"), b"nope", account("2")]
    file = write(tmp_path / "a.ndjson", lines)
    land(home, [file])
    before = {path: path.stat().st_mtime_ns for path in home.lake.rglob("*") if path.is_file()}
    renamed = write(tmp_path / "b.ndjson", lines)
    result = land(home, [file, renamed])
    assert [one.status for one in result.files] == [Status.ALREADY_LANDED] * 2
    assert result.verdicts == Verdicts(duplicate=6, conflict=2, quarantined=2)
    assert "as a.ndjson, in batch 1" in result.files[1].messages[0]
    assert {path: path.stat().st_mtime_ns for path in home.lake.rglob("*") if path.is_file()} == before


def test_the_same_name_with_other_content_lands_and_is_told(home: Home, tmp_path: Path) -> None:
    land(home, [write(tmp_path / "a.ndjson", [account("1")])])
    result = land(home, [write(tmp_path / "a.ndjson", [account("1"), account("2")])])
    (file,) = result.files
    assert file.status is Status.SAME_NAME_OTHER_CONTENT
    assert file.verdicts == Verdicts(accepted=1, duplicate=1)
    assert "other content landed before, in batch 1" in file.messages[0]


def test_order_repetition_and_splitting_do_not_change_what_is_accepted(tmp_path: Path) -> None:
    lines = [text(example(t) | {"eventId": f"{t}-{i}"}) for t in event_types() for i in range(3)]
    whole, pieces = Home(tmp_path / "whole"), Home(tmp_path / "pieces")
    land(whole, [write(tmp_path / "whole.ndjson", lines)])
    shuffled = lines + random.Random(1).sample(lines, 60)
    random.Random(2).shuffle(shuffled)
    files = [write(tmp_path / f"{i}.ndjson.zst", shuffled[i::5]) for i in range(5)]
    result = land(pieces, files)
    assert result.verdicts == Verdicts(accepted=len(lines), duplicate=60)
    assert accepted_set(whole) == accepted_set(pieces)
    check_every_line_is_accounted_for(pieces)


def test_chunks_of_any_size_give_the_same_rows(tmp_path: Path) -> None:
    from orchestration.landing import Limits

    lines = [text(event) for event in accounts(200)]
    lines[50:50] = [b"", b"nope", text(as_cloudevent(account("c"))), text([account("x"), account("y")]), b"\xff"]
    file = write(tmp_path / "a.ndjson", lines)
    seen = []
    for size in (1 << 24, 4096, 700):
        home = Home(tmp_path / str(size))
        land(home, [file], limits=Limits(chunk_bytes=size))
        seen.append([rows(home, kind) for kind in ("events", "quarantine")])
    assert seen[0] == seen[1] == seen[2]
    assert len(seen[0][0]) == 203


def test_eighteen_digits_survive(home: Home, tmp_path: Path) -> None:
    amounts = ["12345678901234.5678", "99999999999999.9999", "-99999999999999.9999", "0.0001", "123456789012345e-1"]
    events = []
    for i, amount in enumerate(amounts):
        event = json.dumps(example("BillingActivated") | {"eventId": str(i)})
        events.append(event.replace('"1234.5600"', amount).encode())
    land(home, [write(tmp_path / "a.ndjson", events)])
    found = rows(home, "events", 'payload, from_json(payload, \'{"recurringNetAmount":"DECIMAL(18,4)"}\') as p')
    for amount, row in zip(amounts, found, strict=True):
        assert row["p"]["recurringNetAmount"] == Decimal(amount)
        assert Decimal(json.loads(row["payload"], parse_float=Decimal)["recurringNetAmount"]) == Decimal(amount)
    total = sum(map(Decimal, amounts))
    sums = batches(home)[1].manifest["control_sums"]["BillingActivated"]["EUR"]
    assert sums == {"events": len(amounts), "amount": f"{total:.4f}"}


def test_the_zone_counts(home: Home, tmp_path: Path) -> None:
    times = ["2026-03-01T12:00:00+02:00", "2026-03-01T10:00:00Z", "2026-02-28T19:30:00-14:30", "2026-03-01t10:00:00z"]
    land(home, [write(tmp_path / "a.ndjson", [account(str(i), eventTime=at) for i, at in enumerate(times)])])
    assert {str(row["event_time"]) for row in rows(home, "events")} == {"2026-03-01 10:00:00"}


def test_unknown_envelope_fields_are_kept(home: Home, tmp_path: Path) -> None:
    line = text(account("1", traceId={"a": ["?"]})).replace(b'"?"', b"1.10")
    land(home, [write(tmp_path / "a.ndjson", [line, account("2")])])
    assert [row["envelope_extra"] for row in rows(home, "events")] == ['{"traceId":{"a":[1.10]}}', None]


def test_cloudevents_batches_are_rows_per_element(home: Home, tmp_path: Path) -> None:
    events = [as_cloudevent(event) for event in accounts(5)]
    pretty = tmp_path / "batch.json"
    pretty.write_text(json.dumps([*events, 7], indent=2))
    lines = write(tmp_path / "lines.ndjson", [account("n1"), text(events), text(account("n2")), b"[]", b"[1,2"])
    result = land(home, [pretty, lines])
    assert result.files[0].verdicts == Verdicts(accepted=5, quarantined=1)
    assert result.files[1].verdicts == Verdicts(accepted=2, duplicate=5, quarantined=1)
    assert result.files[1].blank == 1
    assert [(row["line_number"], row["event_id"]) for row in rows(home, "events")] == [
        *((i + 1, f"e{i:05d}") for i in range(5)),
        (1, "n1"),
        (3, "n2"),
    ]
    assert [row["line_number"] for row in rows(home, "duplicates")] == [2] * 5
    assert [bytes(row["raw_line"]).strip() for row in rows(home, "quarantine")] == [b"7", b"[1,2"]


def test_folders_are_read_in_name_order_and_other_documents_passed_over(home: Home, tmp_path: Path) -> None:
    inbox = tmp_path / "inbox"
    write(inbox / "b.ndjson", [account("1", "Second")])
    write(inbox / "a.ndjson.gz", [account("1", "First")])
    write(inbox / "notes.txt", [b"x"])
    write(inbox / "expected.json", [b'{"total": 1}'])
    write(inbox / "c.json.gz", [text([account("3")])])
    result = land(home, [inbox])
    assert [file.name for file in result.files] == ["a.ndjson.gz", "b.ndjson", "c.json.gz"]
    assert [one for one in result.skipped if "expected.json" in one]
    assert [json.loads(row["payload"])["name"] for row in rows(home, "events")] == ["First", "Acme"]


def test_what_cannot_be_read_is_named_and_the_rest_lands(home: Home, tmp_path: Path) -> None:
    good = write(tmp_path / "good.ndjson", [account("1")])
    pipe = tmp_path / "pipe.ndjson"
    os.mkfifo(pipe)
    wrong = write(tmp_path / "events.csv", [b"a,b"])
    with pytest.raises(FilesUnusable) as caught:
        land(home, [tmp_path / "missing.ndjson", pipe, wrong, good])
    assert caught.value.exit_code == 2
    assert len(caught.value.result.errors) == 3
    assert all(str(path) in str(caught.value) for path in (tmp_path / "missing.ndjson", pipe, wrong))
    assert caught.value.result.verdicts == Verdicts(accepted=1)
    assert lake_state(home).high_water == 1


@pytest.mark.parametrize("extra", [{}, {"unknown": 1}])
def test_a_line_that_is_named_twice_is_quarantined(home: Home, tmp_path: Path, extra: dict[str, int]) -> None:
    """In SQL, and where the judge has to look because of an unknown field."""
    priced = example("QuotePriced") | extra
    line = priced["payload"]["lines"][0]
    apart = priced | {"eventId": "e-2", "payload": priced["payload"] | {"lines": [line, line | {"lineId": "ID-2"}]}}
    line["adjustments"] *= 2
    twice = priced | {"eventId": "e-3", "payload": priced["payload"] | {"lines": [line, line | {"lineId": "ID-1"}]}}
    result = land(home, [write(tmp_path / "a.ndjson", [priced, apart, twice])])
    assert result.verdicts == Verdicts(accepted=2, quarantined=1)
    (refused,) = rows(home, "quarantine")
    assert (refused["reason_code"], refused["field"]) == ("repeated_entry", "payload.lines[1].lineId")


def test_an_empty_file_is_an_empty_batch(home: Home, tmp_path: Path) -> None:
    result = land(home, [write(tmp_path / "a.ndjson", []), write(tmp_path / "b.ndjson.gz", [])])
    assert [file.lines for file in result.files] == [0, 0]
    assert land(home, [write(tmp_path / "c.ndjson", [account("1")])]).files[0].verdicts == Verdicts(accepted=1)
    check_every_line_is_accounted_for(home)


@pytest.mark.skipif(not NORTHWIND.is_dir(), reason="Northwind is not here")
def test_northwind_lands_whole(home: Home) -> None:
    result = land(home, [NORTHWIND])
    assert result.verdicts == Verdicts(accepted=8638)
    expected = json.loads((NORTHWIND / "expected.json").read_text())
    assert expected
    sums = [batch.manifest["control_sums"] for batch in batches(home)]
    assert [one["OrderSubmitted"]["USD"]["amount"] for one in sums if "OrderSubmitted" in one] == ["1265793.0395"]
    assert [one["QuotePriced"]["USD"]["amount"] for one in sums if "QuotePriced" in one] == ["1265793.0395"]
