"""Breaks keep their identity over runs, roll forward exactly, and are waived only within day and amount."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from orchestration.closing import breaks
from orchestration.closing.break_waivers import BreakWaiver, waived
from orchestration.closing.breaks import Break
from orchestration.closing.roll_forward import RollForward, roll_forward
from orchestration.errors import Refused
from orchestration.home import Home
from orchestration.reconciliation import ledger

DAY = date(2026, 11, 30)


def one(key: str, difference: str, leg: str = "quote_order", currency: str = "USD") -> Break:
    return Break(
        break_id=breaks.break_id(leg, key, "price", currency),
        leg=leg,
        break_class="price",
        currency=currency,
        key=key,
        left_amount=Decimal(100),
        right_amount=Decimal(100) - Decimal(difference),
        difference=Decimal(difference),
        owner=breaks.OWNERS[leg],
        event_ids="e1",
        first_seen=date(2026, 10, 31),
        age_days=0,
        status=breaks.OPEN,
    )


def test_the_id_says_what_and_each_part_counts() -> None:
    parts = ("quote_order", "q|1", "price", "USD")
    assert breaks.break_id(*parts) == breaks.break_id(*parts)
    others = {breaks.break_id(*(*parts[:i], "other", *parts[i + 1 :])) for i in range(4)}
    assert len({breaks.break_id(*parts), *others}) == 5


def test_it_rolls_forward_per_leg_and_currency() -> None:
    before = [one("gone", "5"), one("grown", "1.0001"), one("euro", "7", currency="EUR")]
    now = [one("grown", "3"), one("new", "0.5"), one("euro", "6", currency="EUR"), one("b", "9", leg="order_billing")]
    lines = {(line.leg, line.currency): line for line in roll_forward(before, now)}
    amounts = (Decimal("6.0001"), Decimal("0.5"), Decimal(5), Decimal("1.9999"), Decimal("3.5"))
    assert lines["quote_order", "USD"] == RollForward("quote_order", "USD", *amounts)
    assert lines["quote_order", "EUR"].adjusted == Decimal(-1)
    assert (lines["order_billing", "USD"].new, lines["order_billing", "USD"].closing) == (Decimal(9), Decimal(9))
    assert len(lines) == 3
    assert all(line.holds for line in lines.values())


@pytest.mark.parametrize("part", ["opening", "new", "cleared", "adjusted", "closing"])
def test_a_roll_forward_that_is_off_by_the_least_does_not_hold(part: str) -> None:
    (line,) = roll_forward([one("a", "5")], [one("b", "2")])
    assert line.holds
    assert not replace(line, **{part: getattr(line, part) + Decimal("0.0001")}).holds


def test_the_ledger_keeps_each_change_once(tmp_path: Path) -> None:
    home = Home(tmp_path)
    assert breaks.record(home, [one("a", "5"), one("b", "2")]) == 2
    assert breaks.record(home, [one("b", "2"), one("a", "5")]) == 0
    assert breaks.record(home, [one("a", "4")]) == 2
    assert breaks.record(home, [one("a", "4")]) == 0
    found = {item.key: (item.status, item.difference) for item in breaks.recorded(home, DAY)}
    assert found == {"a": (breaks.OPEN, Decimal(4)), "b": (breaks.CLEARED, Decimal(2))}
    assert {item.age_days for item in breaks.recorded(home, DAY)} == {30}
    assert ledger.walk(home).ok


def test_an_explanation_names_an_open_break_a_reason_and_a_person(tmp_path: Path) -> None:
    home = Home(tmp_path)
    breaks.record(home, [one("a", "5"), one("b", "2")])
    breaks.record(home, [one("a", "5")])
    gone = one("b", "2").break_id
    for names, reason, by in (([gone], "late", "Ada"), (["price"], " ", "Ada"), (["price"], "late", "")):
        with pytest.raises(Refused):
            breaks.explain(home, names, reason=reason, by=by)
    assert breaks.explain(home, ["price"], reason="late", by="Ada") == [one("a", "5").break_id]
    explained = next(item for item in breaks.recorded(home, DAY) if item.key == "a")
    assert (explained.status, explained.note, explained.noted_by) == (breaks.EXPLAINED, "late", "Ada")


def test_a_waiver_covers_up_to_its_amount_and_day() -> None:
    waiver = BreakWaiver("quote_order/*", Decimal(5), "known", "Ada", DAY)
    within, over, other = one("a", "5"), one("b", "5.0001"), one("c", "1", leg="order_billing")
    marked = {item.key: item.status for item in waived([within, over, other], [waiver], DAY)}
    assert marked == {"a": breaks.WAIVED, "b": breaks.OPEN, "c": breaks.OPEN}
    assert waiver.objection([within, other], DAY) is None
    assert "exceeded" in str(waiver.objection([within, over], DAY))
    late = date(2026, 12, 1)
    assert [item.status for item in waived([within], [waiver], late)] == [breaks.OPEN]
    assert "expired" in str(waiver.objection([within], late))
    by_id = replace(waiver, pattern=over.break_id, amount_limit=Decimal(6))
    assert [item.status for item in waived([within, over], [by_id], DAY)] == [breaks.OPEN, breaks.WAIVED]
