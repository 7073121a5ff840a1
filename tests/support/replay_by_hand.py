"""Captured prices computed again from the price books in plain Python, apart from the models."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

Event = Mapping[str, Any]
Line = Mapping[str, Any]
ORDER = [
    "CONTRACTED_PRICE",
    "VOLUME_TERM_SCHEDULE",
    "BUNDLE",
    "PROMOTION",
    "RENEWAL_INCENTIVE",
    "LINE_DISCRETIONARY",
    "MANUAL_OVERRIDE",
    "PARTNER_MARGIN",
    "UNCLASSIFIED",
]
PLACES = Decimal("0.0001")


@dataclass(frozen=True)
class Replayed:
    """One captured line: whether it differs, whether its net would be another one today; or why that is unknown."""

    quote_id: str
    captured_month: str
    differs: bool
    drifted: bool | None
    reason: str | None


def replayed(quotes: Mapping[str, list[Event]], entries: Iterable[Event], as_of: datetime) -> Iterator[Replayed]:
    """Every line as last priced in its revision; for entries of price books that were said once."""
    books: dict[tuple[str, str, str], list[Mapping[str, Any]]] = defaultdict(list)
    for entry in entries:
        said = entry["payload"]
        books[said["productOfferingId"], said["currency"], said["chargeType"]].append(said)
    for quote_id, happened in quotes.items():
        last = {event["payload"]["quoteRevision"]: event for event in happened if event["eventType"] == "QuotePriced"}
        for pricing in last.values():
            may_remove = happened[0]["payload"].get("kind") == "AMENDMENT"
            for line in pricing["payload"]["lines"]:
                is_free = not Decimal(line["listUnitPrice"]) and not Decimal(line["netAmount"])
                yield _line(quote_id, pricing, line, books, as_of, may_be_removed=may_remove and is_free)


def _line(
    quote_id: str,
    pricing: Event,
    line: Line,
    books: Mapping[Any, list[Mapping[str, Any]]],
    as_of: datetime,
    *,
    may_be_removed: bool,
) -> Replayed:
    said, at = pricing["payload"], datetime.fromisoformat(pricing["eventTime"]).astimezone(UTC).replace(tzinfo=None)
    entries = books.get((line["productOfferingId"], said["currency"], line["chargeType"]), [])
    pinned = [e for e in entries if e["priceBookVersion"] == said["priceBookVersion"] and _holds(e, at)]
    current = max((e for e in entries if _holds(e, as_of)), key=lambda e: str(e["validFrom"]), default=None)
    month = f"{at:%Y-%m}"
    if len(pinned) != 1:
        reason = "ambiguous_price_book_entry" if pinned else "no_price_book_entry"
        return Replayed(quote_id, month, differs=False, drifted=None, reason=reason)
    if may_be_removed and Decimal(pinned[0]["listUnitPrice"]):
        return Replayed(quote_id, month, differs=False, drifted=None, reason="removed_line")
    unit = Decimal(1) if said["currency"] == "JPY" else Decimal("0.01")
    captured, again = _captured(line), _chain(line, Decimal(pinned[0]["listUnitPrice"]), unit)
    differs = any(_round(captured[part], unit) != _round(again[part], unit) for part in again)
    drifted = None
    if current is not None:
        now = _chain(line, Decimal(current["listUnitPrice"]), unit)["net"]
        drifted = _round(now, unit) != _round(captured["net"], unit)
    return Replayed(quote_id, month, differs, drifted, reason=None)


def _holds(entry: Mapping[str, Any], at: datetime) -> bool:
    until = entry.get("validTo")
    return datetime.fromisoformat(entry["validFrom"]) <= at and (until is None or at < datetime.fromisoformat(until))


def _captured(line: Line) -> dict[str, Decimal]:
    found = dict.fromkeys([*ORDER, "ROUNDING"], Decimal(0))
    for change in line["adjustments"]:
        found[change["type"]] += Decimal(change["amount"])
    found["list"] = _extended(line, Decimal(line["listUnitPrice"]))
    return found | {"prorated": Decimal(line["proratedListAmount"]), "net": Decimal(line["netAmount"])}


def _chain(line: Line, unit_price: Decimal, unit: Decimal) -> dict[str, Decimal]:
    """The parts of the price, one step of the chain after the other, rounded at the end where the source rounded."""
    found = dict.fromkeys([*ORDER, "ROUNDING"], Decimal(0))
    found["list"] = _extended(line, unit_price)
    found["prorated"] = left = _round(found["list"] * Decimal(line.get("prorationFactor") or 1), PLACES)
    steps = [change for change in line["adjustments"] if change["type"] != "ROUNDING"]
    for step in sorted(steps, key=lambda change: (ORDER.index(change["type"]), change["sequence"])):
        amount = Decimal(step["amount"])
        if step.get("percent") is not None:
            share = abs(Decimal(step["percent"])).copy_sign(amount) if amount else Decimal(step["percent"])
            amount = _round((found["prorated"] if step["basis"] == "LIST" else left) * share / 100, PLACES)
        found[step["type"]] += amount
        left += amount
    if len(steps) < len(line["adjustments"]):
        found["ROUNDING"] = _round(left, unit) - left
    return found | {"net": left + found["ROUNDING"]}


def _extended(line: Line, unit_price: Decimal) -> Decimal:
    return _round(Decimal(line["quantity"]) * unit_price * Decimal(line.get("termPeriods") or 1), PLACES)


def _round(amount: Decimal, unit: Decimal) -> Decimal:
    return (amount / unit).quantize(Decimal(1), ROUND_HALF_UP) * unit
