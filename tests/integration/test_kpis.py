"""The KPIs of a simulated business: equal to an independent calculation from its events, to the last place."""

import csv
import json
import os
from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from support.dbt_warehouses import Warehouse
from support.event_lakes import Event, Lake
from support.kpi_figures import Counted, excluded, monthly, ratio
from support.kpi_reference import Business
from support.metricflow_client import Metrics

import simulator
from orchestration.home import PROJECT_ROOT, Home
from orchestration.landing import land
from orchestration.warehouse.build import build
from simulator.faults.spec import KINDS

AS_OF = datetime(2026, 10, 20)
FIGURES = """
    select
        measure, statistic, cast(month_start_date as varchar), coalesce(currency, category, ''),
        numerator, denominator, value
    from marts.mart_kpi_monthly
    where scope = 'TOTAL'
"""
REGIONS = """
    select
        region, measure, statistic, cast(month_start_date as varchar), coalesce(currency, category, ''),
        numerator, denominator, value
    from marts.mart_kpi_monthly
    where scope = 'REGION'
"""
EXCLUSIONS = """
    select measure, cast(month_start_date as varchar), exclusion_reason, excluded_count
    from marts.mart_kpi_exclusion_monthly
    where scope = 'TOTAL'
"""
REGIONAL_EXCLUSIONS = """
    select region, measure, cast(month_start_date as varchar), exclusion_reason, excluded_count
    from marts.mart_kpi_exclusion_monthly
    where scope = 'REGION'
"""


def measures() -> dict[str, dict[str, str]]:
    with (PROJECT_ROOT / "seeds" / "kpi_measure.csv").open(encoding="utf-8") as file:
        return {row["measure"]: row for row in csv.DictReader(file)}


def events_of(folder: Path) -> list[Event]:
    return [json.loads(line) for file in sorted(folder.glob("*.ndjson")) for line in file.read_text().splitlines()]


def with_a_test_account(events: list[Event]) -> list[Event]:
    """One account with accepted quotes turns out to be for tests."""
    account = next(event for event in events if event["eventType"] == "QuoteCreated")["payload"]["accountId"]
    known = [e for e in events if e["aggregateType"] == "Account" and e["aggregateId"] == account]
    last = max(known, key=lambda event: event["aggregateVersion"])
    version = last["aggregateVersion"] + 1
    told = {**last["payload"], "isTest": True}
    return [*events, {**last, "eventId": f"{account}-test", "aggregateVersion": version, "payload": told}]


def with_a_late_answer(events: list[Event]) -> list[Event]:
    """A task of which nobody knew at the end of September completes in October after all."""
    of_task: dict[str, Event] = {}
    for event in events:
        task = event["aggregateId"]
        if event["aggregateType"] == "FulfillmentTask":
            of_task[task] = max(of_task.get(task, event), event, key=lambda one: one["aggregateVersion"])
    unknown = [event for event in of_task.values() if event["eventType"] == "TaskOutcomeUnknown"]
    last = min(unknown, key=lambda event: event["eventTime"])
    assert last["eventTime"] < "2026-09-30"
    at = "2026-10-15T12:00:00+00:00"
    told = {"eventId": "answer", "eventType": "TaskCompleted", "eventTime": at, "payload": {}}
    return [*events, {**last, **told, "recordedTime": at, "aggregateVersion": last["aggregateVersion"] + 1}]


def with_a_case_given_up(events: list[Event]) -> list[Event]:
    """A recovery was none: the case was closed by cancelling."""
    cases = [event for event in events if event["aggregateType"] == "FalloutCase"]
    ended = max((e for e in cases if e["eventType"] == "FalloutRecovered"), key=lambda event: event["eventTime"])
    given_up = max(
        (event for event in cases if event["aggregateId"] == ended["aggregateId"]),
        key=lambda event: event["aggregateVersion"],
    )
    assert given_up["eventType"] == "FalloutRecovered"
    told = {**given_up, "payload": {**given_up["payload"], "resolution": "CANCELLED"}}
    return [told if event is given_up else event for event in events]


def with_a_failed_conversion(events: list[Event]) -> list[Event]:
    """One attempt to make an order of a quote fails, though there is an order."""
    calls = [event for event in events if event["eventType"] == "QuoteConversionAttempted"]
    keys = Counter(call["payload"]["idempotencyKey"] for call in calls)
    failed = next(call for call in reversed(calls) if keys[call["payload"]["idempotencyKey"]] == 1)
    told = {**failed["payload"], "outcome": "FAILED", "orderId": None}
    return [{**failed, "payload": told} if event is failed else event for event in events]


def with_lines_billed_otherwise(events: list[Event]) -> list[Event]:
    """The first invoices bill too much, too little and a coin more than was ordered; another never came."""
    invoices = sorted((e for e in events if e["eventType"] == "InvoiceIssued"), key=lambda event: event["eventTime"])
    changed: dict[str, Event] = {}
    for invoice, by in zip(invoices, ("3", "10", "-7.5", "0.004", "-0.02"), strict=False):
        first, *others = invoice["payload"]["lines"]
        told = {**first, "netAmount": str(Decimal(first["netAmount"]) + Decimal(by))}
        changed[invoice["eventId"]] = {**invoice, "payload": {**invoice["payload"], "lines": [told, *others]}}
    credited = {e["payload"]["invoiceId"] for e in events if e["eventType"] == "CreditNoteIssued"}
    lost = next(e for e in invoices if e["eventId"] not in changed and e["aggregateId"] not in credited)
    return [changed.get(event["eventId"], event) for event in events if event is not lost]


def with_prices_captured_otherwise(events: list[Event]) -> list[Event]:
    """A pricing of an accepted quote has another list price, one an unknown price book, one a line without a floor."""
    accepted = {e["aggregateId"]: e["payload"]["quoteRevision"] for e in events if e["eventType"] == "QuoteAccepted"}
    pricings = {
        event["aggregateId"]: event
        for event in sorted(events, key=lambda event: event["aggregateVersion"])
        if event["eventType"] == "QuotePriced"
        and accepted.get(event["aggregateId"]) == event["payload"]["quoteRevision"]
    }
    dearer, bookless, *others = [pricings[quote] for quote in sorted(pricings, reverse=True)]
    floorless = next(pricing for pricing in others if _first_is_discretionary(pricing))
    changed = {bookless["eventId"]: {**bookless, "payload": {**bookless["payload"], "priceBookVersion": "none"}}}
    for pricing, told in ((dearer, {"listUnitPrice": "123456.7800"}), (floorless, {"floorNetAmount": None})):
        first, *rest = pricing["payload"]["lines"]
        lines = [{**first, **told}, *rest]
        changed[pricing["eventId"]] = {**pricing, "payload": {**pricing["payload"], "lines": lines}}
    return [changed.get(event["eventId"], event) for event in events]


def _first_is_discretionary(pricing: Event) -> bool:
    types = {change["type"] for change in pricing["payload"]["lines"][0]["adjustments"]}
    return "LINE_DISCRETIONARY" in types


CHANGES = (
    with_a_test_account,
    with_a_late_answer,
    with_a_case_given_up,
    with_a_failed_conversion,
    with_lines_billed_otherwise,
    with_prices_captured_otherwise,
)


@pytest.fixture(scope="module")
def business(tmp_path_factory: pytest.TempPathFactory) -> list[Event]:
    folder = tmp_path_factory.mktemp("events")
    simulator.run(150, 7, date(2026, 9, 10), date(2026, 10, 20), folder)
    found = events_of(folder)
    for change in CHANGES:
        found = change(found)
    return found


@pytest.fixture(scope="module")
def warehouse(
    business: list[Event], tmp_path_factory: pytest.TempPathFactory, open_warehouse: Callable[[Lake], Warehouse]
) -> Warehouse:
    lake = Lake(tmp_path_factory.mktemp("lake") / "lake")
    lake.land(business)
    opened = open_warehouse(lake)
    opened.build("--select", "+mart_kpi_monthly", "+mart_kpi_exclusion_monthly", "dim_date", as_of=f"{AS_OF}")
    return opened


@pytest.fixture(scope="module")
def reference(business: list[Event]) -> list[Counted]:
    return Business(business, AS_OF, 240 * 60).counted()


def expected(counted: list[Counted]) -> dict[tuple[str, ...], tuple[Decimal | None, ...]]:
    """The figures as the mart has to show them, of months and splits in which something counts."""
    wanted: dict[tuple[str, ...], tuple[Decimal | None, ...]] = {}
    known = measures()
    for (measure, statistic, month, split), (numerator, denominator, value) in monthly(counted).items():
        kind = known[measure]["kind"]
        if statistic:
            wanted[measure, statistic, month, split] = (numerator, denominator, value)
        elif kind == "RATIO":
            assert numerator is not None
            assert denominator is not None
            shown = ratio(numerator, denominator, int(known[measure]["scale"]))
            wanted[measure, "RATE", month, split] = (numerator, denominator, shown)
        elif kind != "STOCK":
            wanted[measure, {"COUNT": "COUNT", "AMOUNT": "SUM"}[kind], month, split] = (numerator, None, numerator)
    return wanted


def stocks(counted: list[Counted], month_ends: list[str]) -> dict[tuple[str, str], Decimal]:
    """What is there at the end of each month, counted from the things themselves."""
    kinds = {name for name, row in measures().items() if row["kind"] == "STOCK"}
    flows = [one for one in counted if one.measure in kinds and one.reason is None]
    return {
        (kind, month): sum(
            (f.numerator for f in flows if f.measure == kind and f"{f.at:%Y-%m-01}" <= month), Decimal(0)
        )
        for kind in kinds
        for month in month_ends
    }


def test_every_figure_equals_the_independent_calculation(warehouse: Warehouse, reference: list[Counted]) -> None:
    found = {tuple(row[:4]): tuple(row[4:]) for row in warehouse.rows(FIGURES)}
    wanted = expected(reference)
    assert {key: found.get(key) for key in wanted} == wanted
    closing = {(key[0], key[2]): figures[2] for key, figures in found.items() if key[1] == "CLOSING"}
    assert closing == stocks(reference, sorted({key[2] for key in found if key[2] <= f"{AS_OF:%Y-%m-%d}"}))
    others = {key: row for key, row in found.items() if key not in wanted and key[1] != "CLOSING"}
    assert {row[0] or row[1] or row[2] or 0 for row in others.values()} <= {0}, "nothing is shown that was not counted"
    silent = set(measures()) - {key[0] for key in wanted} - {one.measure for one in reference}
    assert silent <= {"wrong_revision_quote_count"}, "the run has something of every measure"


def test_what_is_left_out_is_counted_with_its_reason(warehouse: Warehouse, reference: list[Counted]) -> None:
    found = {tuple(row[:3]): row[3] for row in warehouse.rows(EXCLUSIONS)}
    assert found == excluded(reference)
    reasons = {key[2] for key in found}
    assert {"test_account", "cancelled", "system_sweep", "withdrawn_before_decision"} <= reasons
    assert {"no_floor", "no_price_book_entry", "removed_line"} <= reasons
    regional: Counter[tuple[str, ...]] = Counter()
    for _, *key, count in warehouse.rows(REGIONAL_EXCLUSIONS):
        regional[tuple(key)] += count
    assert regional == found, "the regions add up to the total, reason by reason"


def test_a_zero_denominator_gives_no_value(warehouse: Warehouse) -> None:
    rows = warehouse.rows(
        "select denominator, value from marts.mart_kpi_monthly where statistic in ('RATE', 'MEAN', 'MEDIAN')"
    )
    assert {value for denominator, value in rows if not denominator} == {None}
    assert None not in {value for denominator, value in rows if denominator}


def test_the_roll_forward_of_unknown_outcomes_ties(warehouse: Warehouse) -> None:
    flow: dict[str, dict[str, Any]] = {}
    for measure, month, value in warehouse.rows(
        "select measure, cast(month_start_date as varchar), value from marts.mart_kpi_monthly"
        " where kpi_id = 14 and scope = 'TOTAL'"
    ):
        flow.setdefault(month, {})[measure] = value
    opening = Decimal(0)
    for _, row in sorted(flow.items()):
        closing = opening + row["unknown_outcome_entered_count"] - row["unknown_outcome_resolved_count"]
        assert row["unknown_outcome_count"] == closing
        opening = closing
    assert sum(row["unknown_outcome_entered_count"] for row in flow.values()) > 0


def test_metricflow_and_the_mart_agree(warehouse: Warehouse) -> None:
    """Each KPI of the mart is a metric of its name, and so is its duration in business seconds.

    MetricFlow divides in floating point, so to nine digits.
    """
    metrics = Metrics(warehouse.home.root / "dbt" / "target" / "semantic_manifest.json")
    headlines = warehouse.rows(
        "select kpi_name, cast(month_start_date as varchar), coalesce(currency, ''), value from marts.mart_kpi_monthly"
        " where is_headline and scope = 'TOTAL' union all"
        " select business.measure, cast(business.month_start_date as varchar), '', business.value"
        " from marts.mart_kpi_monthly as business inner join marts.mart_kpi_monthly as headline"
        " on headline.kpi_name = business.companion_of and headline.statistic = business.statistic"
        " and headline.month_start_date = business.month_start_date and headline.is_headline"
        " where business.unit = 'business seconds' and business.scope = 'TOTAL' and headline.scope = 'TOTAL'"
    )
    assert {name for name, *_ in headlines} == metrics.names - {"kpi_numerator", "kpi_denominator"}
    for kpi in sorted({name for name, *_ in headlines}):
        shown = {(month, currency): value for name, month, currency, value in headlines if name == kpi}
        split = ["observation__split_value"] if any(currency for _, currency in shown) else []
        rows = warehouse.rows(metrics.sql(kpi, "metric_time__month", *split))
        found = {(str(row[0])[:10], row[1] if split else ""): row[-1] for row in rows}
        for key, value in shown.items():
            assert float(found.get(key) or 0) == pytest.approx(float(value or 0), abs=1e-6, rel=1e-9), (kpi, key)
        assert any(shown.values()), kpi


def test_regions_add_up_to_the_total(warehouse: Warehouse) -> None:
    total = {tuple(row[:4]): (row[4] or 0, row[5] or 0) for row in warehouse.rows(FIGURES)}
    summed: dict[tuple[Any, ...], list[Decimal]] = {}
    rows = warehouse.rows(REGIONS)
    for _, measure, statistic, month, split, numerator, denominator, _ in rows:
        sums = summed.setdefault((measure, statistic, month, split), [Decimal(0), Decimal(0)])
        sums[0] += numerator or 0
        sums[1] += denominator or 0
    assert {key: tuple(sums) for key, sums in summed.items()} == total
    assert len({row[0] for row in rows}) > 2, "several regions"


def test_a_region_equals_the_independent_calculation(warehouse: Warehouse, business: list[Event]) -> None:
    """Of what is counted from quotes alone; medians too, which no addition would give."""
    measures = ("quote_cycle_time", "configuration_error_rate", "pricing_recalculation_rate")
    created = [event for event in business if event["eventType"] == "QuoteCreated"]
    regions = {event["payload"]["region"] for event in created}
    assert len(regions) > 1
    found = {tuple(row[:5]): tuple(row[5:]) for row in warehouse.rows(REGIONS)}
    left_out = {tuple(row[:4]): row[4] for row in warehouse.rows(REGIONAL_EXCLUSIONS) if row[1] in measures}
    for region in regions:
        quotes = {event["aggregateId"] for event in created if event["payload"]["region"] == region}
        others = {"Order", "OrderItem", "FulfillmentTask", "FalloutCase"}
        known = [
            event
            for event in business
            if event["aggregateType"] not in others
            and (event["aggregateType"] != "Quote" or event["aggregateId"] in quotes)
        ]
        counted = [one for one in Business(known, AS_OF, 240 * 60)._quotes() if one.measure in measures]
        wanted = {(region, *key): figures for key, figures in expected(counted).items()}
        assert {key[1] for key in wanted} == set(measures)
        assert {key: found.get(key) for key in wanted} == wanted
        assert {key[1:]: count for key, count in left_out.items() if key[0] == region} == excluded(counted)


def test_metricflow_by_region_equals_the_mart(warehouse: Warehouse) -> None:
    metrics = Metrics(warehouse.home.root / "dbt" / "target" / "semantic_manifest.json")
    regions = warehouse.rows(metrics.sql("policy_override_count", "observation__region"))
    assert len(regions) > 1
    shown = warehouse.rows(
        "select region, sum(value) from marts.mart_kpi_monthly"
        " where measure = 'policy_override_count' and scope = 'REGION' group by region"
    )
    told = {region or "": Decimal(count or 0) for region, count in regions}
    assert {region: value for region, value in shown if value} == {r: n for r, n in told.items() if n}


def test_version_one_has_the_figures_of_version_two(warehouse: Warehouse) -> None:
    columns = warehouse.rows(
        "select column_name from duckdb_columns()"
        " where table_name = 'mart_kpi_monthly_v1' and column_name <> 'kpi_month_id'"
    )
    shared = ", ".join(name for (name,) in columns)
    one = f"select {shared} from marts.mart_kpi_monthly_v1"
    two = f"select {shared} from marts.mart_kpi_monthly where scope = 'TOTAL'"
    assert warehouse.rows(f"({one} except all {two}) union all ({two} except all {one})") == []
    (rows,) = warehouse.row("select count(*) from marts.mart_kpi_monthly_v1")
    assert rows == len(warehouse.rows(FIGURES)) > 0
    ids = warehouse.rows("select kpi_month_id from marts.mart_kpi_monthly_v1 where measure = 'quote_cycle_time'")
    assert "quote_cycle_time|2026-09-01||MEDIAN" in {name for (name,) in ids}, "identifiers are those of version 1"


def accepted_events(home: Home) -> list[Event]:
    """What landing accepted, as its producers told it."""
    files = str(home.lake / "batches/batch_seq=*/events/stream=*/event_type=*/*.parquet")
    with duckdb.connect() as connection:
        rows = connection.execute(
            "select source_system, event_id, event_type, event_time, recorded_time, aggregate_type, aggregate_id,"
            " aggregate_version, payload from read_parquet(?, hive_partitioning = true)",
            [files],
        ).fetchall()
    names = ("sourceSystem", "eventId", "eventType", "eventTime", "recordedTime", "aggregateType", "aggregateId")
    found = []
    for *told, version, payload in rows:
        event = dict(zip(names, told, strict=True)) | {"aggregateVersion": version, "payload": json.loads(payload)}
        for time in ("eventTime", "recordedTime"):
            event[time] = event[time] and event[time].replace(tzinfo=UTC).isoformat()
        found.append(event)
    return found


@pytest.mark.proof
def test_every_figure_of_a_larger_business_with_every_kind_of_fault(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    """`TIEOUT_PROOF_QUOTES` says how many quotes; the calculation reads the events that landing accepted."""
    quotes = int(os.environ.get("TIEOUT_PROOF_QUOTES", "2000"))
    faults = ",".join(f"{kind}={max(1, quotes // 200)}" for kind in KINDS)
    simulator.run(quotes, 11, date(2026, 7, 1), date(2026, 10, 20), tmp_path / "events", faults=faults)
    home = Home(tmp_path / "home")
    landed = land(home, [tmp_path / "events"])
    build(home, as_of=f"{AS_OF}", select=["+mart_kpi_monthly", "+mart_kpi_exclusion_monthly", "dim_date"])
    counted = Business(accepted_events(home), AS_OF, 240 * 60).counted()
    with duckdb.connect(str(home.warehouse), read_only=True) as connection:
        figures = connection.execute(FIGURES).fetchall()
        exclusions = connection.execute(EXCLUSIONS).fetchall()
    found = {tuple(row[:4]): tuple(row[4:]) for row in figures}
    wanted = expected(counted)
    assert {key: (found.get(key), figure) for key, figure in wanted.items() if found.get(key) != figure} == {}
    closing = {(key[0], key[2]): row[2] for key, row in found.items() if key[1] == "CLOSING"}
    assert closing == stocks(counted, sorted({key[2] for key in found if key[2] <= f"{AS_OF:%Y-%m-%d}"}))
    others = {key: row for key, row in found.items() if key not in wanted and key[1] != "CLOSING"}
    assert {row[0] or row[1] or row[2] or 0 for row in others.values()} <= {0}, "nothing is shown that was not counted"
    assert {tuple(row[:3]): row[3] for row in exclusions} == excluded(counted)
    known = measures()
    assert {known[key[0]]["kpi_id"] for key in wanted} | {"14"} == {str(number) for number in range(1, 22)}
    record_property("kpis: figures", len(wanted))
    record_property("kpis: events", sum(file.lines for file in landed.files))
