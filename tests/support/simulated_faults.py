"""Simulated months with and without faults, landed, built and audited, and what the truth says of their audit."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import simulator
from orchestration.home import Home
from orchestration.reconciliation import reconcile
from orchestration.reconciliation.results import CheckResult, ReconcileResult
from support.northwind import build_home

Place = tuple[str, str]
Differences = dict[Place, dict[str, Decimal]]

# What a fault adds to the difference of a pair, by check: each counts one, except where a document has several lines,
# and of unknown fields, which are counted by their name.
MANY = {"billed_twice", "wrong_currency"}
SIGNED = {
    "order_billing": ("overbilled_amount", "underbilled_amount"),
    "quote_order": ("over_amount", "under_amount"),
}
AMOUNT = {"invoice_header": "net_amount", "price_identity": "amount"}


@dataclass(frozen=True)
class Audited:
    """A home whose warehouse was audited, and the truth about it (empty without faults)."""

    home: Home
    audit: ReconcileResult
    truth: list[dict[str, Any]]


def audited(root: Path, quotes: int, seed: int, start: date, end: date, faults: str | None = None) -> Audited:
    """Simulate, land, build and audit below `root`."""
    simulator.run(quotes, seed, start, end, root / "events", faults=faults)
    home = build_home(root / "home", [root / "events"])
    truth = root / "events" / "faults.truth"
    found = [json.loads(line) for line in truth.read_text().splitlines()] if faults else []
    return Audited(home, reconcile(home), found)


# They show once more, to those who act, what another check has found: no fault is named by them.
ECHOES = {"dead_letter", "pending_enrichment"}


def flagged(audit: ReconcileResult) -> set[Place]:
    """(check, partition) of everything that failed, warnings included, echoes left out."""
    return {place for place in _failed(audit) if place[0] not in ECHOES}


def echoed(audit: ReconcileResult) -> set[Place]:
    """(check, partition) of the echoes that failed."""
    return {place for place in _failed(audit) if place[0] in ECHOES}


def _failed(audit: ReconcileResult) -> set[Place]:
    return {(check.key, check.partition) for check in audit.checks if check.verdict == "failed"}


def expected(truth: Iterable[dict[str, Any]]) -> set[Place]:
    """(check, partition) of what is to be found."""
    return {(place["check"], place["partition"]) for fault in truth for place in fault["found_by"]}


def differences(audit: ReconcileResult) -> Differences:
    """For each failed check and partition, left minus right of every pair."""
    return {(check.key, check.partition): _difference(check) for check in audit.checks if check.verdict == "failed"}


def _difference(check: CheckResult) -> dict[str, Decimal]:
    left, right = (
        {name: Decimal(value) for name, _, value in (part.partition("=") for part in side.split())}
        for side in (check.left, check.right)
    )
    return {name: left[name] - right[name] for name in left}


def amounts_in_truth(truth: Iterable[dict[str, Any]]) -> Differences:
    """What the truth adds up to per check, partition and pair, for the pairs of which it says it exactly."""
    sums: dict[Place, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    faults_at = Counter((place["check"], place["partition"]) for fault in truth for place in fault["found_by"])
    assert faults_at
    for fault in truth:
        amount = Decimal(fault["amount"] or 0)
        for found in fault["found_by"]:
            check, place = found["check"], (found["check"], found["partition"])
            if check == "control_total":
                # The source says more than landed: by an amount, or by an event.
                sums[place]["amount" if amount else "count"] -= amount or 1
                continue
            if check != "unknown_field" and (fault["kind"] not in MANY or check != "order_billing"):
                sums[place]["count"] += 1
            if check in SIGNED and fault["kind"] != "wrong_currency":
                sums[place][SIGNED[check][amount < 0]] += abs(amount)
            if check in AMOUNT:
                sums[place][AMOUNT[check]] += amount
    for fault in truth:
        for found in fault["found_by"]:
            if fault["kind"] in MANY and found["check"] == "order_billing":
                sums[found["check"], found["partition"]].pop("count", None)
    return {place: dict(of) for place, of in sums.items()}
