"""Faults on purpose, read independently: each is in the files as the truth says, and nothing else differs."""

import json
from collections import Counter
from pathlib import Path

import fault_reading as reading
import pytest
from conftest import END, START
from fault_reading import Run, read_run
from truth_reading import truth_breaks

import simulator
from orchestration.errors import Unusable
from orchestration.landing.inputs import find
from orchestration.landing.limits import Limits
from simulator.faults.spec import KINDS, Wanted, read_spec

COUNTS = dict.fromkeys(KINDS, 2) | {"lost": 4, "missing_reference": 4, "order_differs": 3}
EVERY = ",".join(f"{kind}={count}" for kind, count in COUNTS.items())


@pytest.fixture(scope="module")
def clean(run_folder: Path) -> Run:
    return read_run(run_folder)


@pytest.fixture(scope="module")
def faulty_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("faulty")
    simulator.run(260, 11, START, END, folder, faults=EVERY)
    return folder


@pytest.fixture
def faulty(faulty_folder: Path) -> Run:
    return read_run(faulty_folder)


def test_every_fault_is_in_the_files_and_nothing_else(clean: Run, faulty: Run) -> None:
    assert Counter(fault["kind"] for fault in faulty.truth) == COUNTS
    assert set(reading.IS_THERE) == set(KINDS)
    assert list(truth_breaks(clean, faulty)) == []


@pytest.mark.parametrize("kind", KINDS)
def test_the_reading_notices_a_truth_that_is_gone(clean: Run, faulty: Run, kind: str) -> None:
    faulty.truth.remove(next(fault for fault in faulty.truth if fault["kind"] == kind))
    try:
        assert list(truth_breaks(clean, faulty)) != []
    except ValueError:
        assert kind == "corrupt"  # a line that cannot be read, and no fault says why


@pytest.mark.parametrize(
    "kind", [kind for kind in KINDS if kind.endswith(("_differs", "_total")) or kind in ("unbilled", "billed_twice")]
)
def test_the_reading_notices_another_amount(clean: Run, faulty: Run, kind: str) -> None:
    fault = next(fault for fault in faulty.truth if fault["kind"] == kind and fault["amount"])
    fault["amount"] = fault["amount"][:-1] + "1"
    assert list(truth_breaks(clean, faulty)) != []


def test_the_reading_notices_a_fault_that_is_not_there(clean: Run, faulty: Run) -> None:
    untouched = Run(clean.lines, clean.order, faulty.truth)
    for fault in faulty.truth:
        try:
            assert not reading.IS_THERE[fault["kind"]](clean, untouched, fault), fault
        except (KeyError, ValueError):
            continue  # an event that is made up or doubled is not in a run without faults


def test_a_quote_is_hit_once(faulty: Run) -> None:
    hit = Counter(
        fault["aggregate_id"].split("-")[1]
        for fault in faulty.truth
        if fault["kind"] not in ("missing_reference", "wrong_control_total")
    )
    assert hit.most_common(1)[0][1] == 1


def test_same_faults_same_bytes_whatever_the_chunks(
    faulty: Run, faulty_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    simulator.run(260, 11, START, END, tmp_path / "again", faults=EVERY)
    for path in faulty_folder.iterdir():
        assert (tmp_path / "again" / path.name).read_bytes() == path.read_bytes()
    monkeypatch.setattr("simulator.simulation.CHUNK", 37)
    simulator.run(260, 11, START, END, tmp_path / "chunks", faults=EVERY)
    found = read_run(tmp_path / "chunks")
    assert [fault | {"lines": []} for fault in found.truth] == [fault | {"lines": []} for fault in faulty.truth]
    texts = [sorted(line for found in run.lines.values() for _, _, line in found) for run in (faulty, found)]
    assert texts[0] == texts[1]


def test_faults_keep_to_their_month(tmp_path: Path) -> None:
    simulator.run(260, 11, START, END, tmp_path, faults="lost=2@2026-10,order_differs=1@2026-10,unbilled=1@2026-09")
    truth = read_run(tmp_path).truth
    assert [fault["kind"] for fault in truth] == ["lost", "lost", "order_differs", "unbilled"]
    for fault in truth:
        month = "2026-09" if fault["kind"] == "unbilled" else "2026-10"
        assert all(month in place["partition"] for place in fault["found_by"])


def test_the_truth_is_no_event_file(faulty_folder: Path) -> None:
    files = find([faulty_folder], Limits()).files
    assert len(files) == len(list(faulty_folder.iterdir())) - 1
    assert faulty_folder / "faults.truth" not in files


def test_a_run_without_faults_takes_an_old_truth_away(tmp_path: Path) -> None:
    simulator.run(100, 1, START, END, tmp_path, faults="lost=1")
    assert (tmp_path / "faults.truth").exists()
    simulator.run(100, 1, START, END, tmp_path)
    assert not (tmp_path / "faults.truth").exists()


def test_compressed_files_tell_the_same_truth(faulty_folder: Path, tmp_path: Path) -> None:
    simulator.run(260, 11, START, END, tmp_path, "zstd", faults=EVERY)
    truth = (tmp_path / "faults.truth").read_text()
    assert truth.replace(".ndjson.zst", ".ndjson") == (faulty_folder / "faults.truth").read_text()


def test_too_few_quotes_are_told_and_leave_nothing(tmp_path: Path) -> None:
    with pytest.raises(Unusable, match=r"unbilled=50: only \d+ could be made"):
        simulator.run(100, 1, START, END, tmp_path, faults="unbilled=50")
    assert list(tmp_path.iterdir()) == []


def test_specs_say_the_same_inline_and_in_files(tmp_path: Path) -> None:
    expected = (Wanted("lost", 3), Wanted("late", 2, "2026-09"))
    assert read_spec(" lost=3, late=2@2026-09") == expected
    (tmp_path / "list.yml").write_text("faults:\n- {kind: lost, count: 3}\n- {kind: late, count: 2, month: 2026-09}\n")
    (tmp_path / "list.json").write_text(
        json.dumps([{"kind": "lost", "count": 3}, {"kind": "late", "count": 2, "month": "2026-09"}])
    )
    (tmp_path / "mapping.yaml").write_text("lost: 3\n")
    assert read_spec(str(tmp_path / "list.yml")) == read_spec(str(tmp_path / "list.json")) == expected
    assert read_spec(str(tmp_path / "mapping.yaml")) == (Wanted("lost", 3),)


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("stolen=1", "no kind 'stolen'; the kinds are lost, duplicated"),
        ("lost", "'lost' is not KIND=COUNT"),
        ("lost=0", "whole number from 1 on"),
        ("lost=x", "whole number from 1 on"),
        ("lost=1@September", "a month looks like"),
        ("lost=1,lost=2", "names lost twice"),
        ("", "names no fault"),
        ("nowhere.yml", "nowhere.yml: cannot be read"),
    ],
)
def test_specs_that_make_no_sense_are_refused(spec: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(Unusable, match=message):
        read_spec(spec)


@pytest.mark.parametrize(
    ("content", "message"),
    [("[1]", "give a mapping"), ("a: [", "no YAML or JSON"), ("- {kind: lost, number: 2}", "unknown field number")],
)
def test_files_that_make_no_sense_are_refused(content: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "spec.yml").write_text(content)
    with pytest.raises(Unusable, match=message):
        read_spec(str(tmp_path / "spec.yml"))
