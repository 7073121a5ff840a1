"""Another mix of business: larger quotes and fewer that are won keep every promise of the usual one."""

import json
from collections import Counter
from pathlib import Path

import pytest
from conftest import END, START
from simulator_reading import BREAKS, Event, of_type, read_events

import simulator
from orchestration.contracts.validate import Accepted, judge
from orchestration.errors import Unusable
from simulator import Mix
from simulator.showcase import COUNT

QUOTES, FACTOR = 100, 16
SHOWN = {f"Q-{number:06d}" for number in range(1, COUNT + 1)}


@pytest.fixture(scope="module")
def mixed_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("mixed")
    simulator.run(QUOTES, 11, START, END, folder, mix=Mix(line_factor=FACTOR, win_rate=10))
    return folder


@pytest.fixture(scope="module")
def mixed(mixed_folder: Path) -> list[Event]:
    return read_events(mixed_folder)


@pytest.mark.parametrize("name", BREAKS)
def test_business_of_another_mix_agrees_with_itself(mixed: list[Event], name: str) -> None:
    assert not list(BREAKS[name](mixed))


def test_lines_of_another_mix_keep_the_contract(mixed_folder: Path) -> None:
    lines = [line for path in mixed_folder.iterdir() for line in path.read_bytes().splitlines()]
    every_type = {json.loads(line)["eventType"]: line for line in lines}
    assert len(every_type) > 40 and all(isinstance(judge(line), Accepted) for line in every_type.values())


def test_quotes_have_so_many_times_the_lines(events: list[Event], mixed: list[Event]) -> None:
    usual, larger = (_lines(of) for of in (events, mixed))
    assert {quote: usual[quote] for quote in SHOWN} == {quote: larger[quote] for quote in SHOWN}
    assert max(larger.values()) > 99
    others = (usual.keys() & larger.keys()) - SHOWN
    ratio = sum(larger[quote] for quote in others) / sum(usual[quote] for quote in others)
    # Bundles add three lines in any mix.
    assert 0.65 * FACTOR < ratio < 1.1 * FACTOR


def test_lines_of_a_quote_have_ids_of_their_own(mixed: list[Event]) -> None:
    for event in of_type(mixed, "QuotePriced"):
        ids = [line["lineId"] for line in event["payload"]["lines"]]
        assert len(set(ids)) == len(ids)


def test_fewer_are_won(events: list[Event], mixed: list[Event]) -> None:
    shares = [len(_others(of, "QuoteAccepted")) / len(_others(of, "QuoteCreated")) for of in (events, mixed)]
    assert 0 < shares[1] < shares[0] / 2


def test_the_usual_mix_is_the_usual_business(run_folder: Path, tmp_path: Path) -> None:
    simulator.run(260, 11, START, END, tmp_path, mix=Mix(line_factor=1, win_rate=58))
    assert all((tmp_path / path.name).read_bytes() == path.read_bytes() for path in run_folder.iterdir())


@pytest.mark.parametrize(("factor", "rate"), [(0, 58), (51, 58), (1, -1), (1, 101)])
def test_a_mix_that_makes_no_sense_is_refused(factor: int, rate: int) -> None:
    with pytest.raises(Unusable, match=r"--line-factor|--win-rate"):
        Mix(factor, rate)


def _lines(events: list[Event]) -> Counter[str]:
    """The most lines that each quote was priced with."""
    lines: Counter[str] = Counter()
    for event in of_type(events, "QuotePriced"):
        lines[event["aggregateId"]] = max(lines[event["aggregateId"]], len(event["payload"]["lines"]))
    return lines


def _others(events: list[Event], event_type: str) -> set[str]:
    """The quotes with such an event that are not bound to show something."""
    return {event["aggregateId"] for event in of_type(events, event_type)} - SHOWN
