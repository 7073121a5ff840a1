"""Closing a period: gates, frozen figures, evidence, the record of it; killed anywhere, a rerun ends the same."""

import json
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestration.closing import breaks as ledgered
from orchestration.closing import evidence, gates, index, periods, states
from orchestration.closing.breaks import Break, RollForward
from orchestration.closing.freeze import Frozen, freeze, freeze_results
from orchestration.closing.gates import Case, GateResult
from orchestration.closing.past import as_known_at
from orchestration.closing.periods import Entity, Period
from orchestration.closing.report import page
from orchestration.closing.signers import Signers
from orchestration.closing.signers import load as load_signers
from orchestration.closing.signing import SIGNERS_FILE
from orchestration.closing.waivers import CloseWaivers, load
from orchestration.errors import Refused
from orchestration.home import Home
from orchestration.publishing import store
from orchestration.reconciliation import ledger
from orchestration.warehouse.connection import open_warehouse
from orchestration.warehouse.lake import read_lake
from orchestration.warehouse.lock import lock_file

if TYPE_CHECKING:
    import duckdb

    from orchestration.warehouse.dbt_runner import Progress

Checkpoint = Callable[[str], None]
PACKAGES = ("duckdb", "dbt-core", "dbt-duckdb", "great-expectations", "pyarrow", "tieout")


@dataclass(frozen=True)
class CloseResult:
    """What a close came to. `package` is empty where it was refused; `is_new` false where it was closed already."""

    entity: str
    period: str
    state: str
    version: int
    package: str
    gates: tuple[GateResult, ...]
    breaks: tuple[Break, ...]
    roll_forward: tuple[RollForward, ...]
    is_new: bool

    @property
    def failed(self) -> tuple[GateResult, ...]:
        return tuple(gate for gate in self.gates if gate.verdict == gates.FAILED)


def no_checkpoint(name: str) -> None:
    """Goes on."""


def close(
    home: Home,
    name: str,
    *,
    by: str,
    entity: str = periods.GROUP,
    soft: bool = False,
    waivers: Path | None = None,
    signers: Path | None = None,
    progress: "Progress | None" = None,
    checkpoint: Checkpoint = no_checkpoint,
) -> CloseResult:
    """Close a period of an entity: bring the release up to the lake, look at every gate, freeze, and record it.

    `soft`: record that the close is being prepared, whatever the gates say. A period that is closed already stays as it
    is. `waivers`, `signers`: instead of the files of the project. Raises Refused for a period out of turn; failed gates
    do not raise: see `CloseResult.failed`.
    """
    people = load_signers(signers)
    of = periods.entity(entity)
    period = periods.period(of, name)
    with _closing(home):
        repair_index(home)
        known = states.current(states.transitions(home, entity))
        if name in known and known[name].state == states.CLOSED:
            return _as_it_is(home, known[name])
        if not by.strip():
            raise Refused("Nobody is named: give --by, the person who closes.")
        _bring_current(home, progress)
        release = store.find(home, None)
        with _release(release) as connection:
            _in_turn(connection, of, period, known)
            case, breaks, rolls = _case(home, connection, of, period, release, load(waivers))
            checkpoint("breaks")
            results = (*gates.evaluate(case), *_roll_gate(rolls, period))
            failed = [gate for gate in results if gate.verdict == gates.FAILED]
            if soft or failed:
                state = known[name].state if name in known else states.OPEN
                if soft:
                    state = states.move(home, entity, name, states.SOFT_CLOSED, actor=by).state
                return CloseResult(entity, name, state, 0, "", results, tuple(breaks), tuple(rolls), False)
            version = (known[name].version if name in known else 0) + 1
            package = _package(home, connection, case, release, results, rolls, version, by, people, checkpoint)
        checkpoint("package")
        states.move(home, entity, name, states.CLOSED, actor=by, package=package.name)
        checkpoint("recorded")
        repair_index(home)
        checkpoint("index")
        _bring_current(home, progress)
    return CloseResult(entity, name, states.CLOSED, version, package.name, results, tuple(breaks), tuple(rolls), True)


def reopen(home: Home, name: str, *, reason: str, approver: str, entity: str = periods.GROUP) -> None:
    """Open the last closed period again; its package stays, the next close makes a new version beside it.

    Raises Refused without a reason and an approver, and for any but the last closed period.
    """
    if not reason.strip() or not approver.strip():
        raise Refused("Reopening needs --reason and --approver.")
    with _closing(home):
        closed = states.closed(home, entity)
        if not closed or closed[-1].period != name:
            last = closed[-1].period if closed else "none"
            raise Refused(f"Only the last closed period of {entity} can be reopened, which is {last}.")
        states.move(home, entity, name, states.REOPENED, actor=approver, reason=reason)
        repair_index(home)


def verify_close(
    home: Home, name: str, *, entity: str = periods.GROUP, progress: "Progress | None" = None
) -> list[str]:
    """Build the warehouse as it was known at a close anew from the lake, freeze it again, and say which tables differ.

    Empty: byte for byte what was frozen. Raises Refused for a period that is not closed.
    """
    of = periods.entity(entity)
    period = periods.period(of, name)
    known = states.current(states.transitions(home, entity)).get(name)
    if known is None or known.state != states.CLOSED:
        raise Refused(f"{name} of {entity} is not closed: there is nothing to verify.")
    package = home.evidence / known.package
    manifest = evidence.read(package)
    told = [f"{one.what}: {one.found}" for one in evidence.verify(package) if not one.ok]
    knowledge = manifest["knowledge"]
    past = as_known_at(
        home,
        f"{entity}-{name}-v{known.version}",
        int(knowledge["lake_high_water"]),
        datetime.fromisoformat(knowledge["as_of"]),
        home.closes / "index" / knowledge["closes_index"],
        progress,
    )
    with tempfile.TemporaryDirectory() as folder, open_warehouse(past) as connection:
        connection.execute("set TimeZone = 'UTC'")
        again = freeze(connection, Path(folder), of, period, known.version)
    for one in again:
        frozen = manifest["tables"][one.name]
        if one.sha256 != frozen["sha256"]:
            told.append(f"{one.name}: {frozen['rows']} rows were frozen, the lake gives {one.rows}, or other values")
    shutil.rmtree(home.root / "past", ignore_errors=True)
    return told


def repair_index(home: Home) -> None:
    """Have the index of closes say what the ledger says, which is what counts."""
    wanted = closed_periods(home)
    current = index.index_folder(home)
    if index.contents(current) != index.told(wanted) or index.altered(current, wanted):
        index.write(home, wanted)


def closed_periods(home: Home) -> list[index.ClosedPeriod]:
    """What is closed by the ledger, as the index of closes is to have it."""
    found, gone = [], evidence.deleted(home)
    for name, of in periods.entities().items():
        closed = states.closed(home, name)
        if not closed:
            continue
        last = periods.period(of, closed[-1].period)
        open_period = periods.following(of, last).name
        # A period whose retention has ended is served no longer: its figures are gone.
        for one in (one for one in closed if one.package not in gone):
            period = periods.period(of, one.period)
            folder = home.evidence / one.package
            high_water = int(evidence.read(folder)["knowledge"]["lake_high_water"])
            found.append(
                index.ClosedPeriod(
                    name, of.region, one.period, period.start, period.end, one.version, high_water, open_period,
                    one.package, folder,
                )
            )  # fmt: skip
    return found


def _bring_current(home: Home, progress: "Progress | None") -> None:
    """Build, reconcile and publish, unless the current release has all of the lake and of what is closed."""
    from orchestration.publishing.publish import publish
    from orchestration.reconciliation import reconcile
    from orchestration.warehouse.build import build

    current = store.current_id(home)
    if current is not None:
        manifest = store.find(home, current).manifest
        same = (int(manifest["lake_high_water"]), manifest.get("closes_index"))
        if same == (read_lake(home).high_water, index.index_folder(home).name):
            return
    built = build(home, progress=progress)
    if not built.complete:
        raise Refused("The build is not complete, so nothing can be closed: run `tieout build` to see what failed.")
    if not reconcile(home, progress=progress).passed:
        raise Refused("The audit did not pass, so nothing can be closed: run `tieout reconcile` to see what failed.")
    publish(home, progress=progress)


def _in_turn(
    connection: "duckdb.DuckDBPyConnection", of: Entity, period: Period, known: dict[str, states.Transition]
) -> None:
    first = _first_line(connection)
    if first is None:
        raise Refused("There is no line of money to close.")
    before = periods.at(of, first)
    while before.end <= period.start:
        if before.name not in known or known[before.name].state != states.CLOSED:
            raise Refused(f"{before.name} comes first: periods are closed one after the other.")
        before = periods.following(of, before)
    later = [one.period for one in known.values() if one.state == states.CLOSED and one.period > period.name]
    if later:
        raise Refused(f"{max(later)} is closed already: reopen it first.")


def _first_line(connection: "duckdb.DuckDBPyConnection") -> datetime | None:
    row = connection.execute("select min(happened_at) from marts.closable_line").fetchone()
    return row[0] if row else None


def _case(
    home: Home,
    connection: "duckdb.DuckDBPyConnection",
    of: Entity,
    period: Period,
    release: store.Release,
    accepted: CloseWaivers,
) -> tuple[Case, list[Break], list[RollForward]]:
    as_of = datetime.fromisoformat(str(release.manifest["as_of"]))
    today = datetime.now(UTC).date()
    found = ledgered.found(connection, home, of, period, as_of)
    breaks = ledgered.waived(found, accepted.breaks, today)
    columns = ("key", "partition", "kind", "severity", "verdict", "left", "right", "message")
    quoted = ", ".join(f'"{column}"' for column in columns)
    rows = connection.execute(f"select {quoted} from release.checks order by all").fetchall()
    checks = [dict(zip(columns, row, strict=True)) for row in rows]
    rolls = ledgered.roll_forward(_breaks_before(home, of, period), breaks)
    begins = _first_line(connection)
    return Case(connection, of, period, checks, breaks, as_of, accepted, today, begins), breaks, rolls


def _breaks_before(home: Home, of: Entity, period: Period) -> list[Break]:
    earlier = [one for one in states.closed(home, of.name) if one.period < period.name]
    if not earlier:
        return []
    told = json.loads((home.evidence / earlier[-1].package / "breaks.json").read_text(encoding="utf-8"))
    return [ledgered.from_json(one) for one in told]


def _roll_gate(rolls: Sequence[RollForward], period: Period) -> Iterator[GateResult]:
    for roll in rolls:
        yield GateResult(
            gates.ROLL_FORWARD,
            f"{roll.leg}/{roll.currency}",
            gates.PASSED if roll.holds else gates.FAILED,
            f"{roll.opening} + {roll.new} - {roll.cleared} + {roll.adjusted} = {roll.closing}",
            owner="finance",
            amount=roll.closing,
            currency=roll.currency,
        )
    if not rolls:
        yield GateResult(gates.ROLL_FORWARD, period.name, gates.PASSED, "no break before and none now")


def _package(
    home: Home,
    connection: "duckdb.DuckDBPyConnection",
    case: Case,
    release: store.Release,
    results: Sequence[GateResult],
    rolls: Sequence[RollForward],
    version: int,
    by: str,
    people: Signers,
    checkpoint: Checkpoint,
) -> Path:
    part = evidence.temporary(home)
    frozen = freeze(connection, part, case.entity, case.period, version)
    checkpoint("frozen")
    frozen += freeze_results(part, case.checks, results, case.breaks, rolls)
    previous = [one for one in states.closed(home, case.entity.name) if one.period < case.period.name]
    excerpt = _excerpt(home, previous[-1].seq if previous else 0)
    (part / evidence.LEDGER).write_text("".join(ledger.canonical(vars(one)) + "\n" for one in excerpt))
    told_breaks = [one.as_json() for one in case.breaks]
    _write_json(part / "breaks.json", told_breaks)
    _write_json(part / "checks.json", list(case.checks))
    (part / "waivers.yml").write_text(case.waivers.text or "waivers: []\n", encoding="utf-8")
    (part / SIGNERS_FILE).write_text(people.text or "signers: []\n", encoding="utf-8")
    manifest = _manifest(home, case, release, results, rolls, frozen, version, by)
    manifest["previous_package"] = previous[-1].package if previous else ""
    manifest["ledger"] = {"seq": excerpt[-1].seq, "hash": excerpt[-1].hash, "from_seq": excerpt[0].seq}
    _write_json(part / "close.json", manifest)
    waterfall = _objects(
        connection,
        "select currency, step, sum(amount) as amount, sum(line_count) as line_count, min(step_number) as place"
        f" from read_parquet('{part}/mart_price_waterfall_monthly.parquet')"
        " group by currency, step order by currency, place",
    )
    adjustments = _objects(connection, f"from read_parquet('{part}/adjustment.parquet') order by all")
    (part / "report.html").write_text(page(manifest, told_breaks, waterfall, adjustments), encoding="utf-8")
    checkpoint("reported")
    return evidence.seal(home, part, manifest)


def _manifest(
    home: Home,
    case: Case,
    release: store.Release,
    results: Sequence[GateResult],
    rolls: Sequence[RollForward],
    frozen: Iterable[Frozen],
    version: int,
    by: str,
) -> dict[str, Any]:
    """What a package says of itself. No clock: the same close of the same knowledge is the same package."""
    import platform
    from importlib.metadata import version as version_of

    said = release.manifest
    return {
        "format": 1,
        "entity": {
            "name": case.entity.name,
            "title": case.entity.title,
            "region": case.entity.region,
            "time_zone": case.entity.time_zone,
        },
        "period": {
            "name": case.period.name,
            "start": case.period.start.isoformat(sep=" "),
            "end": case.period.end.isoformat(sep=" "),
        },
        "version": version,
        "closed_by": by.strip(),
        "knowledge": {
            "lake_high_water": int(said["lake_high_water"]),
            "as_of": str(said["as_of"]),
            "closes_index": str(said["closes_index"]),
        },
        "release": {name: said[name] for name in ("release_id", "data_version", "file_sha256", "code_hash")},
        "freshness": said["freshness"],
        "made_with": {
            "git revision": said["git_revision"],
            "dbt manifest": said["dbt_manifest_hash"],
            "python": platform.python_version(),
            **{name: version_of(name) for name in PACKAGES},
        },
        "gates": [gate.as_json() for gate in results],
        "roll_forward": [roll.as_json() for roll in rolls],
        "waivers": _waivers_used(case, results),
        "tables": {one.name: {"rows": one.rows, "sha256": one.sha256, "totals": one.totals} for one in frozen},
        "retention": evidence.retention(case.period.end),
    }


def _waivers_used(case: Case, results: Sequence[GateResult]) -> list[dict[str, str]]:
    waived = {(gate.gate, gate.partition) for gate in results if gate.verdict == gates.WAIVED}
    used = [
        {
            "what": f"{one.gate}: {one.partition}",
            "reason": one.reason,
            "approver": one.approver,
            "expires": str(one.expires),
        }
        for one in case.waivers.gates
        if (one.gate, one.partition) in waived
    ]
    used += [
        {"what": one.pattern, "reason": one.reason, "approver": one.approver, "expires": str(one.expires)}
        for one in case.waivers.breaks
        if any(one.covers(found, case.today) for found in case.breaks)
    ]
    used += [
        {
            "what": f"check {check['key']}: {check['partition']}",
            "reason": check["message"] or "",
            "approver": "",
            "expires": "",
        }
        for check in case.checks
        if check["verdict"] == "waived"
    ]
    return used


def _excerpt(home: Home, after: int) -> list[ledger.Record]:
    return [record for record in ledger.read(home) if record.seq > after]


def _as_it_is(home: Home, known: states.Transition) -> CloseResult:
    package = home.evidence / known.package
    wrong = [f"{one.what}: {one.found}" for one in evidence.verify(package) if not one.ok]
    if wrong:
        raise Refused(f"{known.period} is closed, but its package is not what was sealed:\n" + "\n".join(wrong))
    manifest = evidence.read(package)
    told = [GateResult(**{**gate, "items": tuple(gate["items"]), "amount": None}) for gate in manifest["gates"]]
    return CloseResult(
        known.entity, known.period, known.state, known.version, known.package, tuple(told), (), (), False
    )


@contextmanager
def _closing(home: Home) -> Iterator[None]:
    with lock_file(home.closes / "lock", "close a period"):
        yield


@contextmanager
def _release(release: store.Release) -> Iterator["duckdb.DuckDBPyConnection"]:
    import duckdb

    wrong = store.damage(release)
    if wrong:
        raise Refused(f"The current release cannot be closed on: {wrong}")
    with duckdb.connect(str(release.database.resolve()), read_only=True) as connection:
        connection.execute("set TimeZone = 'UTC'")
        yield connection


def _objects(connection: "duckdb.DuckDBPyConnection", sql: str) -> list[dict[str, Any]]:
    found = connection.execute(sql)
    names = [column[0] for column in found.description or []]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def _write_json(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8")


def today() -> date:
    """The day, in UTC."""
    return datetime.now(UTC).date()
