"""Closing a period: gates, frozen figures, evidence, the record of it; killed anywhere, a rerun ends the same."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from orchestration.closing import breaks as ledgered
from orchestration.closing import evidence, gates, index, periods, states
from orchestration.closing.break_waivers import waived
from orchestration.closing.breaks import Break
from orchestration.closing.gates import Case, GateResult
from orchestration.closing.package import Checkpoint, write_package
from orchestration.closing.periods import Entity, Period
from orchestration.closing.roll_forward import RollForward, roll_forward
from orchestration.closing.signers import load as load_signers
from orchestration.closing.waivers import CloseWaivers, load
from orchestration.errors import Refused
from orchestration.home import Home
from orchestration.publishing import store
from orchestration.warehouse.connection import bounded
from orchestration.warehouse.lake import read_lake
from orchestration.warehouse.lock import lock_file

if TYPE_CHECKING:
    import duckdb

    from orchestration.warehouse.dbt_runner import Progress


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
    is, and is released where an interruption kept it from that. `waivers`, `signers`: instead of the files of the
    project. Raises Refused for a period out of turn; failed gates do not raise: see `CloseResult.failed`.
    """
    people = load_signers(signers)
    of = periods.entity(entity)
    period = periods.period(of, name)
    with _closing(home):
        repair_index(home)
        known = states.current(states.transitions(home, entity))
        if name in known and known[name].state == states.CLOSED:
            stands = _as_it_is(home, known[name])
            checkpoint("index")
            if not _is_released(home):
                _bring_current(home, progress)
            return stands
        if not by.strip():
            raise Refused("Nobody is named: give --by, the person who closes.")
        _bring_current(home, progress)
        release = store.find(home, None)
        with _release(home, release) as connection:
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
            package = write_package(home, connection, case, release, results, rolls, version, by, people, checkpoint)
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
    """Build, reconcile, publish and index, unless the current release has all of the lake and of what is closed."""
    from orchestration.publishing.publish import publish
    from orchestration.reconciliation import reconcile
    from orchestration.search.indexing import keep_current, standing
    from orchestration.warehouse.build import build

    if _is_released(home) and int(store.find(home, None).manifest["lake_high_water"]) == read_lake(home).high_water:
        return
    built = build(home, progress=progress)
    if not built.complete:
        raise Refused("The build is not complete, so nothing can be closed: run `tieout build` to see what failed.")
    if not reconcile(home, progress=progress).passed:
        raise Refused("The audit did not pass, so nothing can be closed: run `tieout reconcile` to see what failed.")
    publish(home, progress=progress)
    if any(one["index_id"] for one in standing(home)):
        # What an index lacks is told by `tieout status`, and is no reason against a close.
        keep_current(home, progress=progress)


def _is_released(home: Home) -> bool:
    """Whether the current release shows what is closed."""
    current = store.current_id(home)
    return (
        current is not None and store.find(home, current).manifest.get("closes_index") == index.index_folder(home).name
    )


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
    breaks = waived(found, accepted.breaks, today)
    columns = ("key", "partition", "kind", "severity", "verdict", "left", "right", "message")
    quoted = ", ".join(f'"{column}"' for column in columns)
    rows = connection.execute(f"select {quoted} from release.checks order by all").fetchall()
    checks = [dict(zip(columns, row, strict=True)) for row in rows]
    rolls = roll_forward(_breaks_before(home, of, period), breaks)
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
def _release(home: Home, release: store.Release) -> Iterator["duckdb.DuckDBPyConnection"]:
    import duckdb

    wrong = store.damage(release)
    if wrong:
        raise Refused(f"The current release cannot be closed on: {wrong}")
    connection = duckdb.connect(str(release.database.resolve()), read_only=True)
    # Nothing is written into the folder of a release.
    with bounded(connection, home.warehouse.with_suffix(".tmp")):
        connection.execute("set TimeZone = 'UTC'")
        yield connection


def today() -> date:
    """The day, in UTC."""
    return datetime.now(UTC).date()
