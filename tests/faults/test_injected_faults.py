"""Each kind of fault, injected into a simulated business, is found where the truth says, and nothing else is.

The first part holds a small business with every kind at once; `make proof` holds each kind alone and larger ones.
"""

import json
from collections import Counter
from contextlib import suppress
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from support.leakage_by_hand import leakage_by_hand
from support.simulated_faults import ECHOES, Audited, amounts_in_truth, audited, differences, echoed, expected, flagged

from benchmarks.bare_build import bare_build
from benchmarks.bare_build import differences as marts_that_differ
from orchestration.home import Home
from orchestration.landing import land
from orchestration.landing.quarantine import Filters, list_entries
from orchestration.warehouse.checksums import schema_checksums
from simulator.faults.spec import KINDS

WINDOW = (date(2026, 8, 10), date(2026, 10, 1))
COUNTS = dict.fromkeys(KINDS, 1) | {"lost": 2, "missing_reference": 4, "order_differs": 3, "invoice_differs": 2}
EVERY = ",".join(f"{kind}={count}" for kind, count in COUNTS.items())
HARMLESS = ("duplicated", "reordered")
CHAIN_CLASSES = {
    "order_differs": {("quote_order", "price"), ("quote_order", "quantity")},
    "invoice_differs": {("order_billing", "price")},
    "unbilled": {("order_billing", "unbilled")},
    "billed_twice": {("order_billing", "billed_twice")},
    "wrong_currency": {("order_billing", "currency")},
}
"""Leg and class of the chain in which each fault of the business is to be found."""


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Audited:
    return audited(tmp_path_factory.mktemp("clean"), 200, 5, *WINDOW)


@pytest.fixture(scope="module")
def faulty(tmp_path_factory: pytest.TempPathFactory) -> Audited:
    return audited(tmp_path_factory.mktemp("faulty"), 200, 5, *WINDOW, EVERY)


def test_without_faults_nothing_is_flagged(clean: Audited) -> None:
    assert flagged(clean.audit) == set()
    assert clean.audit.passed
    compared = {check.key for check in clean.audit.checks if check.verdict == "passed"}
    assert {"quote_order", "order_billing", "currency", "reference", "late_event", "unknown_field"} <= compared


def test_something_is_due_and_billed_where_nothing_is_flagged(clean: Audited) -> None:
    """What a clean audit says of billing is said of something."""
    with duckdb.connect(str(clean.home.warehouse), read_only=True) as connection:
        [(due, periods, billed)] = connection.execute(
            "select count(*) filter (where is_due), count(*) filter (where is_due and billing_period > 0),"
            " sum(billed_net_amount) from intermediate.int_order_billing_leg"
        ).fetchall()
    assert due > 50 and periods > 5 and billed > 0


def test_leakage_equals_a_calculation_from_the_events(clean: Audited) -> None:
    by_hand = leakage_by_hand((clean.home.root.parent / "events").glob("*.ndjson"))
    with duckdb.connect(str(clean.home.warehouse), read_only=True) as connection:
        lines = dict(
            connection.execute("select assessment, count(*) from marts.fact_discount_leakage group by 1").fetchall()
        )
        sums = connection.execute(
            "select currency, sum(leakage_amount), sum(scope_list_amount) from marts.fact_discount_leakage"
            " where is_in_scope group by 1"
        ).fetchall()
    assert lines == by_hand.lines
    assert lines.keys() == {"LEAKED", "AUTHORISED", "NOT_ASSESSABLE", "OUT_OF_SCOPE"}
    assert {currency: listed for currency, _, listed in sums} == by_hand.listed
    assert {currency: leaked for currency, leaked, _ in sums if leaked} == {
        currency: leaked for currency, leaked in by_hand.leaked.items() if leaked
    }


def test_every_fault_is_found_at_its_place_and_nothing_else(faulty: Audited) -> None:
    assert {fault["kind"] for fault in faulty.truth} == set(KINDS)
    assert {fault["kind"] for fault in faulty.truth if not fault["found_by"]} == set(HARMLESS)
    assert flagged(faulty.audit) == expected(faulty.truth)
    assert not faulty.audit.passed


def test_dead_letters_and_rows_that_wait_are_shown_again_where_people_act(clean: Audited, faulty: Audited) -> None:
    """By the reason that holds a line back, as many as are held; and rows whose account or product never came."""
    assert echoed(clean.audit) == set()
    reasons = Counter(entry.reason_code or entry.verdict for entry in list_entries(faulty.home, Filters()))
    assert len(reasons) > 3
    shown = {check.partition: check.left for check in faulty.audit.checks if check.key == "dead_letter"}
    assert shown == {
        "dead_letter": f"count={reasons.total()}",
        **{f"dead_letter/{reason}": f"count={count}" for reason, count in reasons.items()},
    }
    assert ("pending_enrichment", "pending_enrichment/order_tracking") in echoed(faulty.audit)


def _breaks(home: Home) -> list[tuple[str, str, str | None, str, Decimal, Decimal, set[str]]]:
    """Leg, class, order item, currency, over, under and events of each break of the chain."""
    with duckdb.connect(str(home.warehouse), read_only=True) as connection:
        rows = connection.execute(
            "select leg, leg_class, order_item_id, currency, over_net_amount, under_net_amount,"
            " concat_ws('|', left_event_ids, right_event_ids) from marts.fact_commercial_leg where is_break"
        ).fetchall()
    return [(*row[:-1], set(row[-1].split("|"))) for row in rows]


def test_the_chain_is_whole_where_nothing_is_wrong(clean: Audited) -> None:
    assert _breaks(clean.home) == []
    with duckdb.connect(str(clean.home.warehouse), read_only=True) as connection:
        classes = connection.execute("select distinct leg, leg_class from marts.fact_commercial_leg").fetchall()
    assert {(leg, "matched") for leg in ("quote_order", "order_billing", "order_asset", "asset_billing")} <= set(
        classes
    )
    assert {("order_billing", "timing"), ("order_billing", "credited"), ("order_asset", "rounding")} <= set(classes)


def test_every_fault_is_in_its_class_of_the_chain(faulty: Audited) -> None:
    assert _unexplained(faulty) == []


def _unexplained(audit: Audited) -> list[tuple[Any, ...]]:
    """Breaks of the chain that no fault is behind; each fault has to be there, in its class and with its amount."""
    left = _breaks(audit.home)
    faults = [fault for fault in audit.truth if fault["kind"] in CHAIN_CLASSES]
    assert {fault["kind"] for fault in faults} == set(CHAIN_CLASSES)
    for fault in faults:
        key, events = fault["key"], set(fault["event_ids"])
        hit = [row for row in left if (row[2] == key if key else events & row[6])]
        if fault["kind"] == "wrong_currency":
            # The right amount is missing in one currency, the other has what nobody asked for.
            hit = [row for row in left if row[2] in {item for _, _, item, *_ in hit}]
        assert hit and {row[:2] for row in hit} <= CHAIN_CLASSES[fault["kind"]], (fault, left)
        of_fault = [row for row in hit if row[3] == fault["currency"]]
        over, under = sum((row[4] for row in of_fault), Decimal(0)), sum((row[5] for row in of_fault), Decimal(0))
        amount = Decimal(fault["amount"])
        assert (over, under) == (max(amount, Decimal(0)), max(-amount, Decimal(0))), (fault, hit)
        left = [row for row in left if row not in hit]
    # A quote that was accepted and whose order nobody confirmed is a break of the business, no fault of its events.
    unordered = _accepted_without_an_order(audit.home.root.parent / "events")
    return [row for row in left if row[1] != "missing_order" or not unordered & {_aggregate(one) for one in row[6]}]


def _aggregate(event_id: str) -> str:
    """Of which aggregate an event is, by the simulator's way of naming events."""
    return event_id.split(":")[1]


def _accepted_without_an_order(folder: Path) -> set[str]:
    """Quotes that were accepted and of which no order was submitted, read from the files alone."""
    accepted, ordered = set(), set()
    for line in (line for path in folder.glob("*.ndjson") for line in path.read_bytes().splitlines()):
        with suppress(ValueError, KeyError):
            told = json.loads(line)
            if told["eventType"] == "QuoteAccepted":
                accepted.add(told["aggregateId"])
            elif told["eventType"] == "OrderSubmitted":
                ordered.add(told["payload"]["quoteId"])
    return accepted - ordered


def test_differences_are_those_of_the_truth(faulty: Audited) -> None:
    found, told = differences(faulty.audit), amounts_in_truth(faulty.truth)
    assert {place: {pair: found[place][pair] for pair in pairs} for place, pairs in told.items()} == told
    amounts = [amount for pairs in told.values() for pair, amount in pairs.items() if pair != "count"]
    assert len([amount for amount in amounts if amount]) >= 8


def test_what_is_wrong_is_named(faulty: Audited) -> None:
    """Where one fault is behind a failure, its example names what the fault hit."""
    by_place = {(check.key, check.partition): check for check in faulty.audit.checks}
    places = [(found["check"], found["partition"]) for fault in faulty.truth for found in fault["found_by"]]
    named = 0
    for fault in faulty.truth:
        for found in fault["found_by"]:
            place = (found["check"], found["partition"])
            if places.count(place) > 1 or place[0] in ("control_total", "unknown_field", "quarantine"):
                continue
            assert any(
                name in by_place[place].message
                for name in (fault["aggregate_id"], fault["key"] or "?", *fault["event_ids"])
            ), (fault, by_place[place])
            named += 1
    assert named >= 8


def test_arrivals_are_counted_by_their_verdict(faulty: Audited, tmp_path: Path) -> None:
    """Landed again, every line is known: duplicates as such, what was held back as before."""
    root = faulty.home.root.parent / "events"
    kinds = [fault["kind"] for fault in faulty.truth]
    held = land(type(faulty.home)(tmp_path / "home"), [root]).verdicts
    assert held.duplicate == kinds.count("duplicated")
    assert held.conflict == kinds.count("conflicting")
    refused = ("corrupt", "renamed_field", "new_type", "new_major_version")
    assert held.quarantined == sum(kinds.count(kind) for kind in refused)


def test_the_marts_that_are_written_by_hand_are_those_of_the_build(faulty: Audited, tmp_path: Path) -> None:
    """The same rules in other statements, which run without dbt and in one go."""
    bare_build(faulty.home, tmp_path / "bare.duckdb")
    assert marts_that_differ(faulty.home, tmp_path / "bare.duckdb") == []


@pytest.mark.proof
@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_alone(kind: str, tmp_path: Path) -> None:
    result = audited(tmp_path, 400, 21, *WINDOW, f"{kind}=4")
    assert len(result.truth) == 4
    assert flagged(result.audit) == expected(result.truth)
    assert bool(flagged(result.audit)) == (kind not in HARMLESS)


@pytest.mark.proof
@pytest.mark.parametrize("seed", [1, 2, 3, 4, 5])
def test_every_kind_in_a_larger_business(seed: int, tmp_path: Path) -> None:
    """Each fault at its place and in its class with its amount, and nothing else: recall and precision are 1."""
    counts = {kind: 4 * count for kind, count in COUNTS.items()}
    faults = ",".join(f"{kind}={count}" for kind, count in counts.items())
    result = audited(tmp_path, 3_000, seed, date(2026, 6, 20), date(2026, 11, 10), faults)
    found, told = differences(result.audit), amounts_in_truth(result.truth)
    assert {place for place in found if place[0] not in ECHOES} == expected(result.truth)
    assert {place: {pair: found[place][pair] for pair in pairs} for place, pairs in told.items()} == told
    assert _unexplained(result) == []


@pytest.mark.proof
def test_harmless_arrivals_change_no_mart(clean: Audited, tmp_path: Path) -> None:
    result = audited(tmp_path, 200, 5, *WINDOW, ",".join(f"{kind}=5" for kind in HARMLESS))
    assert flagged(result.audit) == set()
    sums = []
    for home in (clean.home, result.home):
        with duckdb.connect(str(home.warehouse), read_only=True) as connection:
            sums.append(schema_checksums(connection))
    assert sums[0] == sums[1]
    assert sum(relation.row_count for relation in sums[0]) > Decimal(1_000)
