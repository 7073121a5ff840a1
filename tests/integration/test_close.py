"""Months closed one after another: gates, late and corrected events, versions, evidence, signatures, tampering."""

import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import asdict, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import pytest
from support.closes import assert_the_difference_is_listed, bought_again, signers_file

import simulator
from orchestration.assets.period_close import CHECKS, close_asset
from orchestration.closing import breaks, evidence, index, periods, signing, states
from orchestration.closing.close import CloseResult, close, closed_periods, no_checkpoint, reopen, repair_index
from orchestration.closing.freeze import freeze
from orchestration.closing.gates import GATES, Case
from orchestration.closing.package import Checkpoint
from orchestration.closing.reported import query_closed
from orchestration.closing.signoff import sign_close
from orchestration.closing.verification import verify_close
from orchestration.closing.waivers import CloseWaivers
from orchestration.errors import Refused
from orchestration.home import Home
from orchestration.landing import land
from orchestration.observability import integrity
from orchestration.observability.closes import check_signatures, closes
from orchestration.publishing import store
from orchestration.publishing.query import query
from orchestration.publishing.store import file_sha256
from orchestration.search.indexing import keep_current, standing


def credit_note(number: str, amount: str, moment: str, account: str, version: int = 1) -> dict[str, Any]:
    """A credit note of a system that publishes no totals by itself; a higher version corrects it."""
    line = {"invoiceLineId": "l1", "chargeType": "ONE_TIME", "quantity": 1, "netAmount": amount, "taxAmount": "0"}
    return {
        "eventId": f"{number}-v{version}",
        "source": "goodwill",
        "eventType": "CreditNoteIssued",
        "eventTime": moment,
        "aggregateType": "CreditNote",
        "aggregateId": number,
        "aggregateVersion": version,
        "payload": {
            "creditNoteNumber": number,
            "accountId": account,
            "currency": "USD",
            "reasonCode": "GOODWILL",
            "lines": [line],
            "totalNetAmount": amount,
            "totalTaxAmount": "0",
        },
    }


def counted_by_goodwill(count: int, amount: str, version: int = 1) -> dict[str, Any]:
    """What that system counted in October: without it, its credit notes are unproven and October stays open."""
    total = {"measure": "credit_notes_issued", "currency": "USD", "count": count, "amount": amount}
    return {
        "eventId": f"goodwill-october-v{version}",
        "source": "goodwill",
        "eventType": "ControlTotalsPublished",
        "eventTime": f"2026-11-0{version}T06:00:00Z",
        "aggregateType": "ControlTotal",
        "aggregateId": "goodwill:2026-10",
        "aggregateVersion": version,
        "payload": {"system": "goodwill", "periodStart": "2026-10-01", "periodEnd": "2026-11-01", "totals": [total]},
    }


def deliver(home: Home, name: str, *events: dict[str, Any]) -> None:
    file = home.root.with_name(f"{name}.ndjson")
    file.write_text("".join(json.dumps(event) + "\n" for event in events))
    land(home, [file])


def interrupted_at_the_index(name: str) -> None:
    if name == "index":
        raise InterruptedError


def released(home: Home) -> bool:
    """Whether readers see what is closed."""
    return store.find(home, None).manifest["closes_index"] == index.index_folder(home).name


def account_of(home: Home) -> str:
    return str(query(home, "select min(account_id) from dim_account where not is_test").rows[0][0])


def explained(
    home: Home, period: str, signers: Path | None = None, checkpoint: Checkpoint = no_checkpoint
) -> CloseResult:
    """Close a period whose breaks a person has explained."""
    result = close(home, period, by="Ada", signers=signers, checkpoint=checkpoint)
    unexplained = [one.break_id for one in result.breaks if one.status == breaks.OPEN]
    if unexplained:
        assert result.state in (states.OPEN, states.REOPENED)
        assert {gate.gate for gate in result.failed} <= {"chain", "materiality"}, result.failed
        breaks.explain(home, unexplained, reason="known", by="Ada")
        result = close(home, period, by="Ada", signers=signers, checkpoint=checkpoint)
    assert [asdict(gate) for gate in result.failed] == []
    assert (result.state, result.is_new) == (states.CLOSED, True)
    return result


def adjustments(home: Home) -> list[tuple[Any, ...]]:
    return query(
        home,
        "select original_period, booked_period, original_amount, new_amount, delta_amount, reason, causing_event_id,"
        " is_booked from fact_period_adjustment order by all",
    ).rows


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """August closed, interrupted before its release and gone on with, and then what came late: one credit note."""
    root = tmp_path_factory.mktemp("close")
    home = Home(root / "home")
    simulator.run(40, 7, date(2026, 8, 1), date(2026, 11, 1), root / "events")
    land(home, [root / "events"])
    with pytest.raises(Refused, match="2026-08 comes first"):
        close(home, "2026-09", by="Ada")
    keep_current(home)
    with pytest.raises(InterruptedError):
        explained(home, "2026-08", signers_file(people_of(home)), interrupted_at_the_index)
    assert not released(home)
    close(home, "2026-08", by="Ada")
    account = account_of(home)
    late = credit_note("late", "12.5", "2026-08-20T10:00:00Z", account)
    deliver(home, "late", late, credit_note("now", "1", "2026-10-31T10:00:00Z", account))
    yield home


@pytest.fixture
def home(started: Home) -> Iterator[Home]:
    """The home as it was started; what a test does to it is undone."""
    before = started.root.with_name("before")
    shutil.copytree(started.root, before, symlinks=True)
    yield started
    for path in started.root.rglob("*"):
        if path.is_dir() and not path.is_symlink():
            path.chmod(0o755)
    shutil.rmtree(started.root)
    before.rename(started.root)


def people_of(home: Home) -> Path:
    """Where the keys of Ada and Bob are, and the signers.yml that August was closed with."""
    return home.root.with_name("people")


def package_of(home: Home, period: str) -> Path:
    (closed,) = (one for one in states.closed(home, "group") if one.period == period)
    return home.evidence / closed.package


def wrong(package: Path) -> list[str]:
    return [f"{one.what}: {one.found}" for one in evidence.verify(package) if not one.ok]


def test_what_an_interrupted_close_recorded_is_released_and_found_by_the_next_run(home: Home) -> None:
    assert released(home)
    assert [one["is_current"] for one in standing(home)] == [True, True]
    assert query(home, "select distinct period from closed_line").rows == [("2026-08",)]


@pytest.mark.proof
def test_late_corrected_and_reopened(home: Home) -> None:
    first = {path.name: path.read_bytes() for path in package_of(home, "2026-08").iterdir()}
    explained(home, "2026-09")
    late = ("2026-08", "2026-09", None, Decimal("-12.5"), Decimal("-12.5"), "LATE", "late-v1", True)
    assert adjustments(home) == [late]
    account = account_of(home)
    deliver(home, "corrected", credit_note("late", "20", "2026-08-20T10:00:00Z", account, version=2))
    untied = {(gate.gate, gate.partition) for gate in close(home, "2026-10", by="Ada").failed}
    assert ("control_totals_tied", "control_total/goodwill/credit_notes_issued/2026-10/USD") in untied
    deliver(home, "counted", counted_by_goodwill(1, "1"))
    explained(home, "2026-10")
    corrected = ("2026-08", "2026-10", Decimal("-12.5"), Decimal("-20"), Decimal("-7.5"), "CORRECTED", "late-v2", True)
    assert adjustments(home) == [late, corrected]
    assert {path.name: path.read_bytes() for path in package_of(home, "2026-08").iterdir()} == first
    sums = "select sum(amount) from {} where period = '2026-08'"
    ((reported,),), ((restated,),) = (query(home, sums.format(name)).rows for name in ("closed_line", "restated_line"))
    assert restated - reported == Decimal("-20")
    with pytest.raises(Refused, match="Only the last closed period"):
        reopen(home, "2026-09", reason="wrong", approver="Grace")
    before = package_of(home, "2026-10")
    reopen(home, "2026-10", reason="a credit note is missing", approver="Grace")
    forgotten = credit_note("forgotten", "5", "2026-10-05T10:00:00Z", account)
    deliver(home, "forgotten", forgotten, counted_by_goodwill(2, "6", version=2))
    again = explained(home, "2026-10")
    assert (again.version, again.package != before.name, before.exists()) == (2, True, True)
    assert adjustments(home) == [late, corrected], "what was booked in the reopened period is booked in it again"
    told = [(one.period, one.state, one.version) for one in states.transitions(home, "group")]
    assert told[-3:] == [("2026-10", "closed", 1), ("2026-10", "reopened", 1), ("2026-10", "closed", 2)]
    assert [one.what for one in evidence.verify_chain(home) if not one.ok] == []


def test_a_late_event_shows_in_the_open_period_and_a_close_again_changes_nothing(home: Home, tmp_path: Path) -> None:
    """A credit note, and a quote with its order: what is restated is what was reported and the list, in every table."""
    first = {path.name: path.read_bytes() for path in package_of(home, "2026-08").iterdir()}
    deliver(home, "again", *bought_again(home.root.with_name("events")))
    result = close(home, "2026-09", by="Ada")
    late = ("2026-08", "2026-09", None, Decimal("-12.5"), Decimal("-12.5"), "LATE", "late-v1", False)
    assert late in adjustments(home)
    assert {told[:2] for told in adjustments(home)} == {("2026-08", "2026-09")}
    kinds = assert_the_difference_is_listed(home, "2026-08", tmp_path)
    assert kinds == {"accepted_quote_line", "order_line", "invoice_line"}
    reasons = query_closed(home, "2026-08", "select distinct unit = 'amount', reason from fact_kpi_restatement").rows
    assert {(True, "ADJUSTED"), (False, "LATE_EVENT")} <= set(reasons)
    assert {gate.gate for gate in result.gates} == {*(name for name, _ in GATES), "roll_forward"}
    again = close(home, "2026-08", by="Ada")
    assert (again.state, again.is_new, len(again.gates) > len(GATES)) == (states.CLOSED, False, True)
    assert {path.name: path.read_bytes() for path in package_of(home, "2026-08").iterdir()} == first


@pytest.mark.proof
def test_closed_again_it_stays_and_verified_it_is_the_same_to_the_byte(home: Home) -> None:
    again = close(home, "2026-08", by="Ada")
    assert (again.state, again.is_new, len(again.gates) > len(GATES)) == (states.CLOSED, False, True)
    assert verify_close(home, "2026-08") == []


@pytest.mark.proof
def test_a_lake_that_gives_other_figures_is_told(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rows that were frozen are held against the rows that the lake gives: one of them is changed on the way."""
    from orchestration.closing import verification as module

    real = module.as_known_at

    def changed(*arguments: Any, **named: Any) -> Any:
        import duckdb

        past = real(*arguments, **named)
        with duckdb.connect(str(past.warehouse)) as connection:
            connection.execute("update marts.fact_order_line set net_amount = net_amount + 0.0001")
        return past

    monkeypatch.setattr(module, "as_known_at", changed)
    (told,) = verify_close(home, "2026-08")
    assert told.startswith("fact_order_line: ")


FROZEN = {
    "facts": {
        "line",
        "fact_quote_line_price",
        "fact_discount_leakage",
        "fact_order_line",
        "fact_invoice_line",
        "adjustment",
    },
    "KPIs": {"mart_kpi_monthly", "mart_kpi_exclusion_monthly", "mart_price_waterfall_monthly", "mart_discount_monthly"},
    "reconciliation": {"check", "gate", "break", "roll_forward", "fact_commercial_leg"},
    "exchange rates": {"dim_exchange_rate"},
}


def test_facts_kpis_reconciliation_and_rates_are_frozen_each_with_its_hash(home: Home) -> None:
    package = package_of(home, "2026-08")
    tables = evidence.read(package)["tables"]
    assert set(tables) == set().union(*FROZEN.values())
    for name, told in tables.items():
        assert told["sha256"] == file_sha256(package / f"{name}.parquet"), name
    for kind, names in FROZEN.items():
        assert all(tables[name]["rows"] > 0 for name in names - {"adjustment", "break", "roll_forward"}), kind


def test_a_rate_of_an_earlier_day_is_frozen_with_the_amounts_that_it_converted(home: Home, tmp_path: Path) -> None:
    """A period that begins on a day whose rate was published before: a weekend's is Friday's."""
    release = store.find(home, None)
    with duckdb.connect(str(release.database.resolve()), read_only=True) as connection:
        (day, rate) = connection.execute(
            "select cast(submitted_at as date) as day, reporting_rate_id from marts.fact_order_line"
            " inner join marts.dim_exchange_rate on reporting_rate_id = exchange_rate_id"
            " where published_date < cast(submitted_at as date) order by all limit 1"
        ).fetchall()[0]
        begins = datetime.combine(day, time())
        period = periods.Period("group", "made-up", begins, begins + timedelta(days=1))
        freeze(connection, tmp_path, periods.entity(periods.GROUP), period, 1)
        frozen = connection.execute(f"select exchange_rate_id from '{tmp_path}/dim_exchange_rate.parquet'").fetchall()
    assert (rate,) in frozen


def test_entities_of_all_regions_freeze_each_line_once(home: Home, tmp_path: Path) -> None:
    """One by weeks in Berlin, one by months in Tokyo; test_close_entities.py closes them in turn."""
    rules = (Decimal(0), Decimal(0))
    europe = periods.Entity("europe", "E", "EMEA", "4-4-5", date(2026, 2, 1), "Europe/Berlin", *rules)
    pacific = periods.Entity("pacific", "P", "AMER|APAC", "month", date(2020, 1, 1), "Asia/Tokyo", *rules)
    names = [
        *((europe, f"2026-P{n:02d}") for n in (7, 8, 9, 10)),
        *((pacific, f"2026-{n:02d}") for n in (8, 9, 10, 11)),
    ]
    release = store.find(home, None)
    with duckdb.connect(str(release.database.resolve()), read_only=True) as connection:
        for of, name in names:
            (tmp_path / name).mkdir()
            freeze(connection, tmp_path / name, of, periods.period(of, name), 1)
        columns = "line_type, line_key, currency, amount"
        frozen = connection.execute(f"select {columns} from '{tmp_path}/*/line.parquet' order by all").fetchall()
        every = f"select {columns} from marts.closable_line where amount is not null order by all"
        assert frozen == connection.execute(every).fetchall()
    assert len(frozen) > 100


def test_every_byte_of_a_package_counts(home: Home) -> None:
    package = package_of(home, "2026-08")
    assert wrong(package) == []
    package.chmod(0o755)
    for path in sorted(package.iterdir()):
        content = path.read_bytes()
        path.chmod(0o644)
        path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
        assert wrong(package), path.name
        path.unlink()
        assert wrong(package), f"{path.name} is gone"
        path.write_bytes(content)
    assert wrong(package) == []
    (package / "more.txt").write_text("more")
    assert wrong(package) == ["more.txt: was added"]


def told_of(home: Home) -> list[str]:
    """What `tieout verify` and `tieout verify --evidence` find wrong."""
    found = (*integrity.verify(home), *evidence.verify_chain(home))
    return [f"{one.what}: {one.found}" for one in found if not one.ok]


def guarded(home: Home) -> dict[str, list[Path]]:
    """The files that a close rests on, by what they are."""
    package = package_of(home, "2026-08")
    return {
        # The first batch has schemas and no rows: its files are judged by having none.
        "lake": [
            path
            for batch in sorted((home.lake / "batches").iterdir())[1:]
            for path in sorted(batch.rglob("*"))
            if path.is_file()
        ],
        "ledger": [home.ledger],
        "release": sorted(path for path in home.releases.rglob("*") if path.is_file() and not path.is_symlink()),
        "waiver file": [package / "waivers.yml"],
        "package": sorted(package.iterdir()),
        "signature": sorted(signing.folder_of(package).iterdir()),
    }


def signed(home: Home) -> Path:
    """Have Ada prepare and Bob approve the close of August; returns its package."""
    people = people_of(home)
    for role, signer in (("preparer", "Ada"), ("approver", "Bob")):
        sign_close(home, "2026-08", role, by=signer, key=people / f"{signer}.pem", signers=people / "signers.yml")
    assert told_of(home) == []
    return package_of(home, "2026-08")


def changed_at(path: Path, place: int) -> None:
    """Flip one bit of one byte."""
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.chmod(0o644)
    path.write_bytes(content)


def test_a_byte_changed_in_what_a_close_rests_on_is_told(home: Home) -> None:
    signed(home)
    for kind, files in guarded(home).items():
        assert files, kind
        path = files[len(files) // 2]
        place = path.stat().st_size // 2
        changed_at(path, place)
        assert told_of(home), (kind, path.name)
        changed_at(path, place)
    assert told_of(home) == []


@pytest.mark.proof
def test_a_byte_changed_anywhere_is_told(home: Home, record_property: Any) -> None:
    """The first, the middle and the last byte of every file of each kind; of the lake, of every fifth and the last."""
    signed(home)
    tried = 0
    for kind, files in guarded(home).items():
        for path in dict.fromkeys([*files[:: 5 if kind == "lake" else 1], files[-1]]):
            for place in sorted({0, path.stat().st_size // 2, path.stat().st_size - 1}):
                changed_at(path, place)
                assert told_of(home), (kind, path.name, place)
                changed_at(path, place)
                tried += 1
    assert told_of(home) == []
    record_property("tampering: bytes changed", tried)


def test_what_became_of_a_signed_close_is_told(home: Home) -> None:
    """A signature that is gone or replaced, evidence of a repair, the index of closes, the package itself."""
    package = signed(home)
    stands = {one["period"]: one for one in closes(home)}["2026-08"]
    assert (stands["signed"], stands["void"]) == ({"preparer": "Ada", "approver": "Bob"}, [])
    assert [one.ok for one in check_signatures(home)] == [True]
    file = signing.file_of(package, "approver")
    kept = file.read_bytes()
    file.unlink()
    assert any("the signature of the approver is gone" in told for told in told_of(home))
    assert [one.ok for one in check_signatures(home)] == [False]
    again = signing.sign(package, "approver", "Bob", people_of(home) / "Bob.pem", people_of(home) / "signers.yml")
    file.write_text(replace(again, signed_at="2026-01-02T00:00:00+00:00").file_text())
    assert any("does not hold" in told for told in told_of(home))
    file.write_bytes(kept)
    assert told_of(home) == []
    manifest = package / evidence.MANIFEST
    whole = manifest.read_bytes()
    manifest.chmod(0o644)
    for content, why in ((whole.replace(b"Ada", b"Eve", 1), "what was signed has changed"), (b"{", "cannot be read")):
        manifest.write_bytes(content)
        (told,) = check_signatures(home)
        assert not told.ok
        assert why in told.found
    manifest.write_bytes(whole)
    repairs = home.root / "repairs"
    repairs.mkdir()
    (repairs / "made-up.json").write_text("{}")
    assert told_of(home) == ["repairs: made-up.json is in no record"]
    shutil.rmtree(repairs)
    line = index.index_folder(home) / "line.parquet"
    with duckdb.connect() as connection:
        connection.execute(f"create table line as from read_parquet('{line}')")
        connection.execute("update line set amount = amount + 0.0001 where line_key = (select min(line_key) from line)")
        connection.execute(f"copy line to '{line}' (format parquet)")
    assert told_of(home) == ["index of closes: line.parquet has other rows than were frozen: 2 differ"]
    repair_index(home)
    assert told_of(home) == []
    index.write(home, [])
    (told_index,) = told_of(home)
    assert told_index.endswith("it has other periods than the ledger")
    repair_index(home)
    package.chmod(0o755)
    package.rename(package.with_name("elsewhere"))
    assert any("its package is gone" in told for told in told_of(home))


def test_a_package_is_kept_until_its_retention_ends(home: Home) -> None:
    package = package_of(home, "2026-08")
    with pytest.raises(Refused, match="is kept until 2033-09-01"):
        evidence.delete(home, package.name[:12])
    assert not os.access(package, os.W_OK) or os.geteuid() == 0
    evidence.delete(home, package.name[:12], today=date(2033, 9, 2))
    assert evidence.packages(home) == []
    assert told_of(home) == [], "it was deleted when it could be, and the ledger says so"
    assert closed_periods(home) == []


def test_a_gate_that_fails_says_where_and_what_to_do(home: Home) -> None:
    """A line is held back; a waiver of the gate in force lets it pass, one that has expired does not."""
    waivers = home.root.with_name("waivers.yml")
    entry = "waivers: []\ngates:\n  - {gate: quarantine, partition: cpq, reason: known, approver: Grace, expires: %s}\n"
    deliver(home, "held", {"source": "cpq", "eventId": "held"})
    result = close(home, "2026-09", by="Ada")
    told = {(gate.gate, gate.partition): gate for gate in result.failed}
    assert "tieout quarantine list" in told["quarantine", "cpq"].next_step
    assert "held.ndjson line 1" in told["quarantine", "cpq"].message
    fresh = {gate.partition: gate for gate in result.gates if gate.gate == "sources_fresh"}
    assert fresh["cpq"].verdict == "passed"
    for day, verdict in (("2020-01-01", "failed"), ("2999-01-01", "waived")):
        waivers.write_text(entry % day)
        result = close(home, "2026-09", by="Ada", waivers=waivers)
        verdicts = {(gate.gate, gate.partition): gate.verdict for gate in result.gates}
        assert verdicts["quarantine", "cpq"] == verdict
        assert verdicts["waivers", "waivers.yml"] == ("failed" if verdict == "failed" else "passed")


def test_a_source_is_fresh_by_an_event_after_the_cutoff_or_by_its_totals(home: Home) -> None:
    """Of one that has published totals before, and neither of both for the period, the gate says that it is short."""
    period = periods.period(periods.entity(periods.GROUP), "2026-09")
    with duckdb.connect() as connection:
        connection.execute("create schema release; create table release.freshness (source_system varchar, t timestamp)")
        connection.execute("alter table release.freshness rename t to current_through")
        for source, through in (
            ("after", "2026-10-01"),
            ("totals", "2026-09-02"),
            ("late", "2026-09-02"),
            ("none", "2026-09-02"),
        ):
            connection.execute("insert into release.freshness values (?, ?)", [source, through])
        published = [("totals", "2026-09"), ("late", "2026-08"), ("after", "2026-08")]
        checks = [
            {"key": "control_total", "partition": f"{source}/quotes_created/{month}", "verdict": "passed"}
            for source, month in published
        ]
        case = Case(
            connection,
            periods.entity(periods.GROUP),
            period,
            checks,
            [],
            period.end,
            CloseWaivers((), (), ""),
            date.today(),
        )
        found = {gate.partition: gate for gate in dict(GATES)["sources_fresh"](case)}
    assert {name: gate.verdict for name, gate in found.items()} == {
        "after": "passed",
        "totals": "passed",
        "none": "passed",
        "late": "failed",
    }
    assert "cannot be told from late" in found["none"].message
    assert found["late"].next_step.startswith("Ask late for its events")


def test_dagster_closes_with_a_check_per_gate_and_shows_the_report(home: Home) -> None:
    close_period = close_asset(home)
    result = dg.materialize([close_period, dg.AssetSpec("release")], partition_key="2026-08", selection=[close_period])
    assert result.success
    (made,) = result.asset_materializations_for_node("period_close")
    assert str(made.metadata["report"].value).endswith("/report.html")
    assert {one.check_name for one in result.get_asset_check_evaluations()} == set(CHECKS)
    assert all(one.passed for one in result.get_asset_check_evaluations())
    failed = dg.materialize(
        [close_period, dg.AssetSpec("release")], partition_key="2026-10", selection=[close_period], raise_on_error=False
    )
    assert not failed.success, "2026-09 comes first"
