"""Charges due and billed computed from the events in plain Python, apart from the models."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

Event = Mapping[str, Any]
Aggregates = Mapping[str, list[Event]]
GRACE = timedelta(days=7)
MONTHS = {"MONTHLY": 1, "QUARTERLY": 3, "ANNUAL": 12}
NOTHING = Decimal(0)


@dataclass(frozen=True)
class Charge:
    """One period of an order item: over and under what was ordered, and of which class the difference is."""

    order_id: str
    month: str | None
    currency: str
    leg_class: str
    over: Decimal
    under: Decimal


@dataclass
class Billed:
    """What invoices and credit notes say of one period; of those in another currency only that they are there."""

    net: Decimal = NOTHING
    credited: Decimal = NOTHING
    last_issued: datetime = datetime(1, 1, 1)
    invoices: set[str] = field(default_factory=set)
    is_foreign: bool = False


@dataclass
class Foreign:
    """What was billed for one period in another currency than that of the order."""

    net: Decimal = NOTHING
    credited: Decimal = NOTHING
    starts: date = date.max


@dataclass
class Item:
    """An order item, and what became of it."""

    order_id: str
    currency: str
    charge_type: str
    net: Decimal
    state: str
    since: datetime
    is_cancelled: bool = False
    completed: date | None = None
    activation: Event | None = None
    terminated: date | None = None
    billed: defaultdict[int, Billed] = field(default_factory=lambda: defaultdict(Billed))
    foreign: defaultdict[tuple[int, str], Foreign] = field(default_factory=lambda: defaultdict(Foreign))

    @property
    def months(self) -> int | None:
        return MONTHS[self.activation["payload"]["billingFrequency"]] if self.activation else None

    @property
    def start(self) -> date:
        assert self.activation
        return date.fromisoformat(self.activation["payload"]["startDate"])

    @property
    def periods(self) -> int:
        assert self.activation
        assert self.months
        end = date.fromisoformat(self.activation["payload"]["endDate"])
        return (_month(end) - _month(self.start)) // self.months

    def period_of(self, day: date) -> int:
        return (_month(day) - _month(self.start)) // self.months if self.months else 0

    def begins(self, period: int) -> date:
        """The day on which a period begins: the first of the next month where its own is too short."""
        month = _month(self.start) + period * (self.months or 0)
        try:
            return self.start.replace(year=month // 12, month=month % 12 + 1)
        except ValueError:
            return self.start.replace(year=(month + 1) // 12, month=(month + 1) % 12 + 1, day=1)

    def due(self, today: date) -> int:
        """How many periods should have been billed by now."""
        cutoff = today - GRACE
        if self.is_cancelled or self.net <= 0:
            return 0
        if self.activation is None:
            return int(self.charge_type != "USAGE" and self.completed is not None and self.completed <= cutoff)
        if max(_at(self.activation).date(), self.start) > cutoff:
            return 0
        until = min(cutoff, self.terminated - GRACE) if self.terminated else cutoff
        return sum(self.begins(period) <= until for period in range(min(self.periods, 24)))

    def expected(self, period: int) -> Decimal:
        if self.is_cancelled:
            return NOTHING
        if self.activation is None:
            return self.net
        recurring = Decimal(self.activation["payload"]["recurringNetAmount"])
        if not 0 <= period < self.periods:
            return NOTHING
        return self.net - recurring * (self.periods - 1) if period == self.periods - 1 else recurring

    def month(self, period: int) -> str | None:
        if self.activation is None:
            issued = self.billed[period].last_issued if period in self.billed else None
            day = self.completed or issued
            return f"{day:%Y-%m}" if day else None
        ends = _month(self.start) + (period + 1) * (self.months or 0) - (self.start.day == 1)
        return f"{ends // 12}-{ends % 12 + 1:02}"

    def charges(self, today: date) -> Iterator[Charge]:
        due = self.due(today)
        for period in sorted({*range(due), *self.billed}):
            yield self._charge(period, is_due=period < due)
        for (_, currency), billed in self.foreign.items():
            over = max(billed.net - billed.credited, NOTHING)
            yield Charge(self.order_id, f"{billed.starts:%Y-%m}", currency, "currency", over, NOTHING)
        is_open = (
            due == 0 and (self.charge_type != "USAGE" or self.activation is not None)
            if self.months is None
            else self.terminated is None and due < self.periods and self.begins(due) <= today
        )
        if is_open and due not in self.billed and not self.is_cancelled and self.net > 0:
            yield Charge(self.order_id, None, self.currency, "timing", NOTHING, self.expected(due))

    def _charge(self, period: int, *, is_due: bool) -> Charge:
        expected, is_billed = self.expected(period), period in self.billed
        billed = self.billed[period] if is_billed else Billed()
        over = max(billed.net - billed.credited - expected, NOTHING)
        under = max(expected - billed.net, NOTHING)
        if billed.is_foreign:
            leg_class, over = "currency", NOTHING
        elif over and not expected:
            leg_class = "unexpected"
        elif over and len(billed.invoices) > 1:
            leg_class = "billed_twice"
        elif over or (is_due and under and is_billed):
            leg_class = self._of_price(over + under, expected)
        elif is_due and under:
            leg_class = "unbilled"
        elif under:
            leg_class = "timing"
        else:
            leg_class = "credited" if billed.net - billed.credited < expected else "matched"
        shown = under if is_due or leg_class == "timing" else NOTHING
        return Charge(self.order_id, self.month(period), self.currency, leg_class, over, shown)

    def _of_price(self, distance: Decimal, expected: Decimal) -> str:
        coin, limit = (Decimal(1), Decimal(1)) if self.currency == "JPY" else (Decimal("0.01"), Decimal("0.05"))
        if distance < coin:
            return "rounding"
        return "within_tolerance" if distance <= limit and distance * 100 <= expected * Decimal("0.01") else "price"


def charges(orders: Aggregates, billing: Mapping[str, Aggregates], as_of: datetime) -> Iterator[Charge]:
    """Every charge that is due, billed or to come, for items of known orders."""
    items: dict[str, Item] = {}
    for order_id, happened in orders.items():
        items.update(_items(order_id, happened))
    for happened in billing["Subscription"].values():
        if happened[-1]["eventType"] == "BillingActivated":
            items[happened[-1]["payload"]["orderItemId"]].activation = happened[-1]
    for happened in billing["Asset"].values():
        if happened[-1]["eventType"] == "AssetTerminated":
            made = happened[0]["payload"]
            items[made["orderItemId"]].terminated = _at(happened[-1]).date()
    invoices = {name: happened[-1] for name, happened in billing["Invoice"].items()}
    for name, invoice in invoices.items():
        starts = date.fromisoformat(invoice["payload"]["periodStart"])
        for line in invoice["payload"]["lines"]:
            item, net = items[line["orderItemId"]], Decimal(line["netAmount"])
            billed = item.billed[item.period_of(starts)]
            billed.invoices.add(name)
            billed.last_issued = max(billed.last_issued, _at(invoice))
            if invoice["payload"]["currency"] == item.currency:
                billed.net += net
            else:
                billed.is_foreign = True
                foreign = item.foreign[item.period_of(starts), invoice["payload"]["currency"]]
                foreign.net += net
                foreign.starts = min(foreign.starts, starts)
    for happened in billing["CreditNote"].values():
        note = happened[-1]["payload"]
        starts = date.fromisoformat(invoices[note["invoiceId"]]["payload"]["periodStart"])
        for line in note["lines"]:
            item, net = items[line["orderItemId"]], Decimal(line["netAmount"])
            if note["currency"] == item.currency:
                item.billed[item.period_of(starts)].credited += net
            else:
                foreign = item.foreign[item.period_of(starts), note["currency"]]
                foreign.credited += net
                foreign.starts = min(foreign.starts, starts)
    for item in items.values():
        yield from item.charges(as_of.date())


def _items(order_id: str, happened: list[Event]) -> Iterator[tuple[str, Item]]:
    submitted = [event for event in happened if event["eventType"] == "OrderSubmitted"]
    if not submitted:
        return
    state, since = "SUBMITTED", _at(submitted[-1])
    of_item: dict[str, Event] = {}
    for event in happened:
        if event["eventType"] in ("OrderSubmitted", "OrderStateChanged"):
            state, since = event["payload"].get("state", "SUBMITTED"), _at(event)
        elif event["eventType"] == "OrderItemStateChanged":
            of_item[event["payload"]["orderItemId"]] = event
    for said in submitted[-1]["payload"]["items"]:
        name, currency = said["orderItemId"], submitted[-1]["payload"]["currency"]
        changed = of_item.get(name)
        own, at = (changed["payload"]["state"], _at(changed)) if changed else (state, since)
        item = Item(order_id, currency, said["chargeType"], Decimal(said["netAmount"]), own, at)
        gone = {"CANCELLED", "FAILED"}
        item.is_cancelled = state in gone or (changed is not None and own in gone)
        if state in ("COMPLETED", "PARTIAL") and own == "COMPLETED":
            item.completed = max(since, at).date()
        yield name, item


def _month(day: date) -> int:
    return day.year * 12 + day.month - 1


def _at(event: Event) -> datetime:
    return datetime.fromisoformat(event["eventTime"]).astimezone(UTC).replace(tzinfo=None)
