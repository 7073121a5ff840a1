"""The simulator's building blocks: exact money, draws that depend on nothing else, text, versions and causes."""

import json
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator import money, text
from simulator.adjustments import ADJUSTMENT_TYPES, apply_adjustments, no_percentages, place_of
from simulator.control import ControlTotals
from simulator.draws import Draws
from simulator.envelopes import order_events
from simulator.timeline import Timeline
from simulator.window import Window, milliseconds

# A busy machine may take long over a single example.
unhurried = settings(deadline=None)

AMOUNTS = st.integers(-(10**14), 10**14)


@unhurried
@given(AMOUNTS, st.integers(-10_000, 10_000))
def test_share_rounds_halves_away_from_zero(amount: int, points: int) -> None:
    exact = (Decimal(amount) * points / 10_000).quantize(Decimal(1), ROUND_HALF_UP)
    assert money.share(np.array([amount]), points).tolist() == [int(exact)]


@unhurried
@given(st.integers(0, 10**16), st.integers(0, 10_000))
def test_scaled_is_exact_for_large_amounts(amount: int, factor: int) -> None:
    exact = (Decimal(amount) * factor / 10_000).quantize(Decimal(1), ROUND_HALF_UP)
    assert money.scaled(np.array([amount]), np.array([factor])).tolist() == [int(exact)]


def test_minor_units_follow_the_currency() -> None:
    dollars, yen = money.CURRENCY_CODES.index("USD"), money.CURRENCY_CODES.index("JPY")
    amounts = np.array([12_349, 12_350, 14_999, 15_000, -15_000])
    currencies = np.array([dollars, dollars, yen, yen, yen])
    assert money.to_minor(amounts, currencies).tolist() == [12_300, 12_400, 10_000, 20_000, -20_000]


@unhurried
@given(
    st.lists(
        st.tuples(st.integers(0, 10**12), st.integers(-3_000, 500), st.integers(-3_000, 500), st.integers(0, 8)),
        min_size=1,
        max_size=20,
    )
)
def test_adjustments_always_add_up_to_the_net(lines: list[tuple[int, int, int, int]]) -> None:
    prorated = np.array([line[0] for line in lines])
    plan = no_percentages(len(lines))
    plan[place_of("BUNDLE")] = [line[1] for line in lines]
    plan[place_of("PARTNER_MARGIN")] = [line[2] for line in lines]
    currency = np.array([line[3] for line in lines])
    result = apply_adjustments(prorated, plan, currency)
    sums = np.zeros(len(lines), dtype=np.int64)
    np.add.at(sums, result.line, result.amount)
    assert (prorated + sums == result.net).all()
    assert (result.net % money.STEPS[currency] == 0).all()
    rounding = result.amount[result.kind == ADJUSTMENT_TYPES.index("ROUNDING")]
    assert (np.abs(rounding) <= 5_000).all()
    assert 0 not in result.amount


def test_draws_depend_on_seed_question_and_entity_alone() -> None:
    ids = np.arange(1_000)
    draws = Draws(5)
    assert (draws.words("a", ids)[::-1] == draws.words("a", ids[::-1])).all()
    assert (draws.words("a", ids) != draws.words("b", ids)).all()
    assert (draws.words("a", ids) != Draws(6).words("a", ids)).all()
    assert len(set(draws.words("a", ids).tolist())) == 1_000


def test_draws_keep_their_ranges_and_weights() -> None:
    ids = np.arange(20_000)
    draws = Draws(1)
    numbers = draws.between("n", ids, -1, 2)
    assert np.unique(numbers).tolist() == [-1, 0, 1, 2]
    counts = np.bincount(draws.weighted("w", ids, [70, 0, 30]), minlength=3)
    assert counts[1] == 0 and abs(counts[0] - 14_000) < 400
    delays = draws.delay("d", ids, 10, 20)
    assert delays.min() >= 10_000 and delays.max() < 20_000 and np.median(delays) < 14_000


def test_known_draws_stay_as_they_are() -> None:
    # Were these to change, every seed would mean another business than before.
    assert Draws(1).between("stable", np.arange(6), 0, 999).tolist() == [316, 402, 257, 418, 259, 184]


@unhurried
@given(st.lists(st.integers(-(10**17), 10**17), min_size=1, max_size=20))
def test_amounts_are_written_to_the_digit(units: list[int]) -> None:
    written = [json.loads(value) for value in text.amounts(np.array(units, dtype=np.int64)).to_pylist()]
    assert [Decimal(value) * 10_000 for value in written] == units
    assert all(len(value.partition(".")[2]) == 4 for value in written)


@unhurried
@given(st.lists(st.integers(0, 4_102_444_800_000), min_size=1, max_size=20))
def test_moments_and_dates_are_written_in_utc(times: list[int]) -> None:
    moments = [json.loads(value) for value in text.moments(np.array(times)).to_pylist()]
    expected = [datetime.fromtimestamp(time // 1_000, UTC).replace(microsecond=time % 1_000 * 1_000) for time in times]
    assert [datetime.fromisoformat(moment) for moment in moments] == expected
    days = text.dates(np.array(times) // 86_400_000).to_pylist()
    assert [date.fromisoformat(json.loads(day)) for day in days] == [moment.date() for moment in expected]


def test_records_leave_nulls_out_and_hold_lists() -> None:
    items = text.record([("n", text.whole(np.arange(3)))], 3)
    column = text.record(
        [
            ("a", text.whole(np.array([7, 8]))),
            ("b", text.coded(('x"y', "é"), np.array([0, -1]))),
            ("c", "true"),
            ("d", text.listed(items, np.array([0, 3]))),
            ("e", text.flags(np.array([True, False]))),
        ],
        2,
        end="\n",
    )
    assert [json.loads(value) for value in column.to_pylist()] == [
        {"a": 7, "b": 'x"y', "c": True, "d": [], "e": True},
        {"a": 8, "c": True, "d": [{"n": 0}, {"n": 1}, {"n": 2}], "e": False},
    ]
    assert text.record([], 2).to_pylist() == ["{}", "{}"]


def test_versions_and_causes() -> None:
    key = np.array([5, 5, 9, 5, 9, 7])
    time = np.array([30, 10, 15, 30, 40, 5])
    cause = np.array([-1, -1, 5, -1, 5, 8])
    places = order_events(key, time, cause, 0)
    assert places.version.tolist() == [2, 1, 1, 3, 2, 1]
    # its own predecessor; the latest event of aggregate 5 by then; none, where aggregate 8 does not exist
    assert places.cause.tolist() == [1, -1, 1, 0, 3, -1]


def test_a_cause_never_lies_in_the_future() -> None:
    places = order_events(np.array([1, 2]), np.array([20, 10]), np.array([-1, 1]), 0)
    assert places.cause.tolist() == [-1, -1]


def test_timeline_keeps_what_lies_before_the_end() -> None:
    line = Timeline(Draws(1), np.arange(3), np.array([0, 0, 90_000]), end=100_000)
    line.step("a", np.array([True, True, True]), 5, 6, mark=np.array([7, 8, 9]))
    line.step("b", np.array([True, False, True]), 20, 30)
    steps = line.steps("a")
    assert steps.entity.tolist() == [0, 1, 2] and steps["mark"].tolist() == [7, 8, 9]
    assert line.steps("b").entity.tolist() == [0]
    assert line.steps("b").time[0] > steps.time[0] + 20_000
    assert line.clock[1] == steps.time[1]


def test_control_totals_add_up_over_chunks_and_name_zeros() -> None:
    window = Window(date(2026, 9, 15), date(2026, 10, 3))
    september, october = window.months()
    totals = ControlTotals()
    time = np.array([milliseconds(september.start)])
    for amount in (10_000, 5):
        totals.add("invoices_issued", time, np.array([0]), np.array([amount]))
    invoices = {"measure": "invoices_issued", "currency": "USD", "count": 2, "amount": "1.0005"}
    assert totals.totals("billing", september) == [invoices, {"measure": "credit_notes_issued", "count": 0}]
    assert [total["count"] for total in totals.totals("billing", october)] == [0, 0]
    with pytest.raises(ValueError, match="invoices_issued"):
        totals.add("invoices_issued", time)


def test_months_of_a_window_are_cut_at_both_ends() -> None:
    months = list(Window(date(2025, 12, 15), date(2026, 2, 3)).months())
    assert [(month.name, str(month.start), str(month.end)) for month in months] == [
        ("2025-12", "2025-12-15", "2026-01-01"),
        ("2026-01", "2026-01-01", "2026-02-01"),
        ("2026-02", "2026-02-01", "2026-02-03"),
    ]


def test_lines_can_be_cut_from_a_taken_column() -> None:
    column = text.at(pa.array(["a\n", "bb\n", "ccc\n"]), np.array([2, 0]))
    assert column.offset == 0 and column.to_pylist() == ["ccc\n", "a\n"]
