"""What has become of each period: transitions in the ledger, one after the other; not what a close consists of."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from orchestration.errors import Refused
from orchestration.home import Home
from orchestration.reconciliation import ledger

KIND = "period"
OPEN, SOFT_CLOSED, CLOSED, REOPENED = "open", "soft_closed", "closed", "reopened"
ALLOWED = {
    OPEN: {SOFT_CLOSED, CLOSED},
    SOFT_CLOSED: {SOFT_CLOSED, CLOSED},
    CLOSED: {REOPENED},
    REOPENED: {SOFT_CLOSED, CLOSED},
}


@dataclass(frozen=True)
class Transition:
    """One change of state as the ledger has it. `version`: how often the period had been closed then, this included."""

    entity: str
    period: str
    state: str
    version: int
    actor: str
    reason: str
    package: str
    recorded_at: str
    seq: int


def transitions(home: Home, entity: str | None = None) -> list[Transition]:
    """Every transition, oldest first; of one entity where it is named."""
    found = []
    for record in ledger.read(home):
        if record.kind == KIND and entity in (None, record.body["entity"]):
            names = ("entity", "period", "state", "version", "actor", "reason", "package")
            told = {name: record.body[name] for name in names}
            found.append(Transition(**told, recorded_at=record.recorded_at, seq=record.seq))
    return found


def current(made: Iterable[Transition]) -> dict[str, Transition]:
    """The last transition of each period, by the period's name."""
    return {one.period: one for one in made}


def closed(home: Home, entity: str) -> list[Transition]:
    """The periods that are closed now, in the order of time."""
    return sorted(
        (one for one in current(transitions(home, entity)).values() if one.state == CLOSED), key=lambda one: one.period
    )


def move(
    home: Home, entity: str, period: str, state: str, *, actor: str, reason: str = "", package: str = "", **more: Any
) -> Transition:
    """Record a transition. Raises Refused for one that the state before does not allow, or without an actor."""
    if not actor.strip():
        raise Refused("Nobody is named: give --by, the person who does this.")
    last = current(transitions(home, entity)).get(period)
    before = last.state if last else OPEN
    if state not in ALLOWED[before]:
        raise Refused(
            f"{period} of {entity} is {before.replace('_', ' ')}: it cannot become {state.replace('_', ' ')}."
        )
    version = (last.version if last else 0) + (state == CLOSED)
    body = {
        "entity": entity,
        "period": period,
        "state": state,
        "version": version,
        "actor": actor.strip(),
        "reason": reason.strip(),
        "package": package,
        **more,
    }
    record = ledger.append(home, KIND, body)
    names = ("entity", "period", "state", "version", "actor", "reason", "package")
    return Transition(**{name: body[name] for name in names}, recorded_at=record.recorded_at, seq=record.seq)
