"""Waivers of the close in `waivers.yml`: breaks and gates that a named person accepts until a day.

breaks:
  - break: B-0123456789abcdef    # or leg/class, either of them *
    amount_limit: "125.00"       # the largest break that is accepted, in its own currency
    reason: Order follows in October (FIN-812)
    approver: Ada Lovelace
    expires: 2026-12-31
gates:
  - gate: sources_fresh
    partition: crm               # exactly as the gate names it
    reason: CRM was down from the 28th; nothing was lost (OPS-77)
    approver: Ada Lovelace
    expires: 2026-12-31
"""

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from orchestration.closing.break_waivers import BreakWaiver
from orchestration.errors import Unusable
from orchestration.reconciliation.waivers import WAIVERS, parse_amount, parse_day, parse_text

COMMON = ("reason", "approver", "expires")


@dataclass(frozen=True)
class GateWaiver:
    """One partition of a gate that is accepted until a day."""

    gate: str
    partition: str
    reason: str
    approver: str
    expires: date


@dataclass(frozen=True)
class CloseWaivers:
    """What the file accepts, and the file's own text: it is evidence."""

    breaks: tuple[BreakWaiver, ...]
    gates: tuple[GateWaiver, ...]
    text: str


def load(path: Path | None = None) -> CloseWaivers:
    """The waivers of the close. Raises Unusable with entry and field for what cannot be read."""
    path = path or WAIVERS
    if not path.exists():
        return CloseWaivers((), (), "")
    try:
        text = path.read_text(encoding="utf-8")
        content = yaml.safe_load(text) or {}
    except (yaml.YAMLError, ValueError) as error:
        raise Unusable(f"{path}: not YAML: {error}") from error
    breaks = [_break(entry, f"{path}: breaks[{n}]") for n, entry in enumerate(content.get("breaks") or [])]
    gates = [_gate(entry, f"{path}: gates[{n}]") for n, entry in enumerate(content.get("gates") or [])]
    return CloseWaivers(tuple(breaks), tuple(gates), text)


def _break(entry: Any, where: str) -> BreakWaiver:
    _require(entry, ("break", "amount_limit", *COMMON), where)
    return BreakWaiver(
        pattern=parse_text(entry["break"], f"{where}.break"),
        amount_limit=parse_amount(entry["amount_limit"], f"{where}.amount_limit"),
        reason=parse_text(entry["reason"], f"{where}.reason"),
        approver=parse_text(entry["approver"], f"{where}.approver"),
        expires=parse_day(entry["expires"], f"{where}.expires"),
    )


def _gate(entry: Any, where: str) -> GateWaiver:
    _require(entry, ("gate", "partition", *COMMON), where)
    return GateWaiver(
        gate=parse_text(entry["gate"], f"{where}.gate"),
        partition=parse_text(entry["partition"], f"{where}.partition"),
        reason=parse_text(entry["reason"], f"{where}.reason"),
        approver=parse_text(entry["approver"], f"{where}.approver"),
        expires=parse_day(entry["expires"], f"{where}.expires"),
    )


def _require(entry: Any, fields: tuple[str, ...], where: str) -> None:
    if not isinstance(entry, dict):
        raise Unusable(f"{where}: expected a mapping with {', '.join(fields)}")
    for field in fields:
        if entry.get(field) in (None, ""):
            raise Unusable(f"{where}.{field}: missing")
    if unknown := sorted(set(entry) - set(fields)):
        raise Unusable(f"{where}.{unknown[0]}: unknown field")
