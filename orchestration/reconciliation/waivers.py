"""Waivers: known differences of a source that a named person accepts until a date; `waivers.yml` is reviewed like code.

    waivers:
      - check: control_total
        partition: oms/orders_submitted/2026-10/USD
        amount_limit: "125.00"       # largest accepted difference of any amount, in the partition's currency
        count_limit: 1               # largest accepted difference of any count
        reason: Order 4711 was booked twice at the source; credit note follows (ticket FIN-812)
        approver: Ada Lovelace
        expires: 2026-12-31          # the last day on which it counts

A partition is named exactly, without wildcards. Only checks of kind source can be waived.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import yaml

from orchestration.errors import Unusable
from orchestration.home import PROJECT_ROOT
from orchestration.reconciliation.suites import Check

WAIVERS = PROJECT_ROOT / "waivers.yml"
REQUIRED = ("check", "partition", "amount_limit", "reason", "approver", "expires")
OPTIONAL = ("count_limit",)
# `breaks` and `gates` are those of the close (orchestration/closing/waivers.py).
FIELDS = {"waivers", "breaks", "gates"}


@dataclass(frozen=True)
class Waiver:
    """One accepted difference. `count_limit` None: counts may differ by anything, the amount limit rules."""

    check: str
    partition: str
    amount_limit: Decimal
    count_limit: int | None
    reason: str
    approver: str
    expires: date

    def as_json(self) -> dict[str, Any]:
        """As the ledger and a release show it: amounts and days as text."""
        return {**vars(self), "amount_limit": f"{self.amount_limit:f}", "expires": self.expires.isoformat()}

    def objection(self, differences: Mapping[str, Decimal], today: date) -> str | None:
        """Why it does not cover these differences (pair → absolute difference) on this day; None when it does."""
        if today > self.expires:
            return f"its waiver by {self.approver} expired on {self.expires}"
        for pair, difference in differences.items():
            limit = Decimal(self.count_limit) if pair == "count" and self.count_limit is not None else self.amount_limit
            if pair == "count" and self.count_limit is None:
                continue
            if difference > limit:
                return f"its waiver by {self.approver} is exceeded: {pair} differs by {difference}, accepted is {limit}"
        return None


def load_waivers(checks: Iterable[Check], path: Path | None = None) -> list[Waiver]:
    """The waivers of the file; none where the default file is absent. Raises Unusable with the entry and the field."""
    if path is None and not WAIVERS.exists():
        return []
    path = path or WAIVERS
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise Unusable(f"{path}: cannot read the waivers: {error.strerror}") from error
    except (yaml.YAMLError, ValueError) as error:
        raise Unusable(f"{path}: not YAML: {error}") from error
    if content is None:
        return []
    if not isinstance(content, dict) or "waivers" not in content or set(content) - FIELDS:
        raise Unusable(f"{path}: expected one field, waivers, with a list, and for the close breaks and gates")
    entries = content["waivers"] or []
    if not isinstance(entries, list):
        raise Unusable(f"{path}: waivers is to be a list")
    known = {check.key: check for check in checks}
    waivers = [_waiver(entry, known, f"{path}: waivers[{number}]") for number, entry in enumerate(entries)]
    seen: set[tuple[str, str]] = set()
    for waiver in waivers:
        if (waiver.check, waiver.partition) in seen:
            raise Unusable(f"{path}: two waivers for {waiver.check} at {waiver.partition}: keep one")
        seen.add((waiver.check, waiver.partition))
    return waivers


def _waiver(entry: Any, known: Mapping[str, Check], where: str) -> Waiver:
    if not isinstance(entry, dict):
        raise Unusable(f"{where}: expected a mapping with {', '.join(REQUIRED)}")
    for field in REQUIRED:
        if field not in entry or entry[field] in (None, ""):
            raise Unusable(f"{where}.{field}: missing")
    if unknown := sorted(set(entry) - set(REQUIRED) - set(OPTIONAL)):
        raise Unusable(f"{where}.{unknown[0]}: unknown field")
    check = known.get(str(entry["check"]))
    if check is None:
        raise Unusable(f"{where}.check: there is no check {entry['check']!r}")
    if not check.waivable:
        raise Unusable(f"{where}.check: {check.key} is of kind {check.kind}; only source checks can be waived")
    if any(sign in str(entry["partition"]) for sign in "*?%"):
        raise Unusable(f"{where}.partition: {entry['partition']!r} has a wildcard; name one partition exactly")
    count_limit = _count(entry.get("count_limit"), f"{where}.count_limit")
    if count_limit is None and not set(check.pairs) - {"count"}:
        raise Unusable(f"{where}.count_limit: missing; {check.key} compares nothing but counts")
    return Waiver(
        check=check.key,
        partition=str(entry["partition"]),
        amount_limit=parse_amount(entry["amount_limit"], f"{where}.amount_limit"),
        count_limit=count_limit,
        reason=parse_text(entry["reason"], f"{where}.reason"),
        approver=parse_text(entry["approver"], f"{where}.approver"),
        expires=parse_day(entry["expires"], f"{where}.expires"),
    )


def parse_amount(value: object, where: str) -> Decimal:
    """An amount of 0 or more. Raises Unusable for anything else, a float among it."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise Unusable(f'{where}: {value!r}: write the amount in quotes, such as "125.00", so that it stays exact')
    try:
        amount = Decimal(value)
    except InvalidOperation:
        raise Unusable(f"{where}: {value!r} is not an amount") from None
    if not amount.is_finite() or amount < 0:
        raise Unusable(f"{where}: {value!r}: give an amount of 0 or more")
    return amount


def _count(value: object, where: str) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise Unusable(f"{where}: {value!r}: give a whole number of 0 or more")
    return value


def parse_text(value: object, where: str) -> str:
    """A text with something in it. Raises Unusable for anything else."""
    if not isinstance(value, str) or not value.strip():
        raise Unusable(f"{where}: {value!r}: give a text")
    return value.strip()


def parse_day(value: object, where: str) -> date:
    """A day. Raises Unusable for anything else, a moment among it."""
    if isinstance(value, datetime) or not isinstance(value, date):
        raise Unusable(f"{where}: {value!r}: give a day, such as 2026-12-31")
    return value
