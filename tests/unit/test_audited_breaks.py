"""An audit records which breaks stand and holds them to the audit before; each way to be off is seen to fail."""

from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from support.audits import legs_of

from orchestration.closing import audited_breaks, breaks
from orchestration.closing.roll_forward import RollForward
from orchestration.home import Home
from orchestration.reconciliation import ledger
from orchestration.reconciliation.results import CheckResult

AS_OF = datetime(2026, 10, 31, 12)
TODAY = date(2026, 10, 31)


def audited(home: Home, *legs: tuple[str, ...], waivers: Path | None = None) -> dict[str, CheckResult]:
    """The results of an audit of these legs (leg, key, over, under, class unless price; all USD), recorded."""
    with duckdb.connect() as connection:
        legs_of(connection, legs)
        path = waivers or home.root / "no-waivers.yml"
        found = audited_breaks.audit_breaks(connection, home, AS_OF, path, TODAY)
    assert found is not None
    ledger.append_all(home, found.entries)
    return {one.partition: one for one in found.results}


def standing(home: Home) -> dict[str, tuple[str, Decimal]]:
    return {one.key: (one.status, one.difference) for one in breaks.recorded(home, TODAY)}


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def test_breaks_roll_forward_from_audit_to_audit(home: Home) -> None:
    assert [one.verdict for one in audited(home).values()] == ["passed"]
    first = audited(home, ("quote_order", "a", "5", "0"), ("order_billing", "b", "0", "2"))
    assert {name: one.verdict for name, one in first.items()} == {
        "quote_order/USD": "passed",
        "order_billing/USD": "passed",
    }
    second = audited(home, ("quote_order", "a", "4", "0.5"), ("quote_order", "c", "1", "0"))
    assert second["quote_order/USD"].left == "opening=5.0000 new=1.0000 cleared=0 adjusted=-0.5000"
    assert second["quote_order/USD"].right == "closing=5.5000"
    assert second["order_billing/USD"].left == "opening=2.0000 new=0 cleared=2.0000 adjusted=0"
    assert {one.verdict for one in second.values()} == {"passed"}
    assert standing(home) == {
        "a": ("open", Decimal("4.5")),
        "b": ("cleared", Decimal(2)),
        "c": ("open", Decimal(1)),
    }
    recorded = sum(1 for _ in ledger.read(home))
    audited(home, ("quote_order", "a", "4", "0.5"), ("quote_order", "c", "1", "0"))
    assert sum(1 for _ in ledger.read(home)) == recorded + 1, "the same breaks add the roll-forward alone"


def test_two_rows_that_are_one_break_are_told(home: Home) -> None:
    """Its amounts would be counted once in the ledger and twice in the legs."""
    (one,) = audited(home, ("quote_order", "a", "5", "0"), ("quote_order", "a", "1", "0")).values()
    assert one.verdict == "failed"
    assert one.severity == "critical"
    assert "the legs to 6.0000" in one.message


def test_an_opening_that_is_not_what_the_audit_before_closed_with_is_told(home: Home) -> None:
    audited(home, ("quote_order", "a", "5", "0"))
    told = {"as_of": "2026-10-31", "rolls": [RollForward("quote_order", "USD", *[Decimal(4)] * 5).as_json()]}
    ledger.append(home, audited_breaks.KIND, told)
    (one,) = audited(home, ("quote_order", "a", "5", "0")).values()
    assert one.verdict == "failed"
    assert "the audit before closed with 4, its breaks add up to 5.0000" in one.message


def test_a_waiver_shows_while_it_is_in_force_and_no_longer(home: Home, tmp_path: Path) -> None:
    path = tmp_path / "waivers.yml"
    entry = {"amount_limit": '"9"', "reason": "known", "approver": "Grace", "expires": "2999-01-01"}
    text = "".join(f"\n    {name}: {value}" for name, value in entry.items())
    path.write_text(f"breaks:\n  - break: quote_order/*{text}\n")
    audited(home, ("quote_order", "a", "5", "0"), waivers=path)
    assert standing(home)["a"][0] == breaks.WAIVED
    path.write_text("breaks: []\n")
    audited(home, ("quote_order", "a", "5", "0"), waivers=path)
    assert standing(home)["a"][0] == breaks.OPEN, "a waiver that is gone covers nothing"


def test_an_explanation_stays_and_a_break_that_came_back_is_open(home: Home) -> None:
    audited(home, ("quote_order", "a", "5", "0"))
    breaks.explain(home, ["price"], reason="late", by="Ada")
    audited(home, ("quote_order", "a", "5", "0"))
    assert standing(home)["a"][0] == breaks.EXPLAINED
    audited(home)
    audited(home, ("quote_order", "a", "5", "0"))
    assert standing(home)["a"][0] == breaks.OPEN


def test_an_explanation_covers_the_amount_that_was_explained_and_no_more(home: Home) -> None:
    audited(home, ("quote_order", "a", "5", "0"))
    breaks.explain(home, ["price"], reason="late", by="Ada")
    for difference, status in (("4", "explained"), ("5", "explained"), ("5.0001", "open"), ("3", "explained")):
        audited(home, ("quote_order", "a", difference, "0"))
        (one,) = breaks.recorded(home, TODAY)
        assert (one.status, one.explained_amount, one.note) == (status, Decimal(5), "late"), difference
        told = f"{one.break_id} was explained up to 5.0000, it is 5.0001 now" if status == "open" else ""
        assert one.lapsed == told
    audited(home, ("quote_order", "a", "6", "0"))
    breaks.explain(home, ["price"], reason="more of it", by="Ada")
    audited(home, ("quote_order", "a", "6", "0"))
    (one,) = breaks.recorded(home, TODAY)
    assert (one.status, one.explained_amount, one.note) == ("explained", Decimal(6), "more of it")


def test_an_explained_break_of_another_class_is_open_and_says_so(home: Home) -> None:
    audited(home, ("quote_order", "a", "5", "0"))
    breaks.explain(home, ["price"], reason="late", by="Ada")
    for _ in range(2):
        audited(home, ("quote_order", "a", "2", "0", "quantity"))
        one = next(item for item in breaks.recorded(home, TODAY) if item.break_class == "quantity")
        assert (one.status, one.note, one.explained_amount) == ("open", "late", None)
        assert one.lapsed == f"{one.break_id} was explained as price, it is quantity now"
    audited(home, ("quote_order", "a", "2", "0", "quantity"), ("quote_order", "b", "1", "0"))
    breaks.explain(home, ["price"], reason="late", by="Ada")
    audited(home, ("quote_order", "b", "1", "0"), ("quote_order", "b", "2", "0", "quantity"))
    beside = next(item for item in breaks.recorded(home, TODAY) if (item.key, item.break_class) == ("b", "quantity"))
    assert (beside.status, beside.lapsed) == ("open", ""), "the break that was explained still stands beside it"


def test_a_break_of_another_class_is_explained_again(home: Home) -> None:
    audited(home, ("quote_order", "a", "5", "0"))
    breaks.explain(home, ["price"], reason="late", by="Ada")
    audited(home, ("quote_order", "a", "2", "0", "quantity"))
    breaks.explain(home, ["quantity"], reason="counted", by="Ada")
    audited(home, ("quote_order", "a", "2", "0", "quantity"))
    one = next(item for item in breaks.recorded(home, TODAY) if item.break_class == "quantity")
    assert (one.status, one.lapsed) == ("explained", "")


def test_an_explanation_from_before_amounts_were_kept_covers_what_was_recorded(home: Home) -> None:
    audited(home, ("quote_order", "a", "5", "0"))
    (body,) = (record.body for record in ledger.read(home) if record.kind == breaks.KIND)
    older = {name: value for name, value in body.items() if not name.startswith("explained_")}
    ledger.append(home, breaks.KIND, {**older, "status": breaks.EXPLAINED, "note": "late", "noted_by": "Ada"})
    assert [one.explained_amount for one in breaks.recorded(home, TODAY)] == [Decimal(5)]
    for difference, status in (("5", "explained"), ("6", "open")):
        audited(home, ("quote_order", "a", difference, "0"))
        assert standing(home)["a"][0] == status


def test_two_assets_of_one_item_are_two_breaks(home: Home) -> None:
    with duckdb.connect() as connection:
        legs_of(connection, [("asset_billing", "a", "5", "0"), ("asset_billing", "a", "1", "0")], assets=("x", "y"))
        found = audited_breaks.audit_breaks(connection, home, AS_OF, home.root / "none.yml", TODAY)
    assert found is not None
    assert [one.verdict for one in found.results] == ["passed"]
    assert len(found.entries) == 3


def test_a_warehouse_without_legs_has_nothing_to_roll(home: Home) -> None:
    with duckdb.connect() as connection:
        assert audited_breaks.audit_breaks(connection, home, AS_OF, None, TODAY) is None
