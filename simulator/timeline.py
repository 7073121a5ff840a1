"""Walks many entities through one sequence of possible steps, each at its own pace; knows nothing of quotes."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from simulator.draws import Draws
from simulator.window import Bools, Ints


@dataclass(frozen=True)
class Steps:
    """Steps of one kind: the row of the entity, the moment in milliseconds, and whole-number attributes by name."""

    entity: Ints
    time: Ints
    attributes: dict[str, Ints]

    def __len__(self) -> int:
        return len(self.entity)

    def __getitem__(self, name: str) -> Ints:
        return self.attributes[name]

    def where(self, rows: Bools | Ints) -> "Steps":
        """Some of the steps."""
        return Steps(self.entity[rows], self.time[rows], {name: of[rows] for name, of in self.attributes.items()})


class Timeline:
    """The clocks of many entities. A step moves the clocks of those who take it; what falls after `end` is dropped."""

    def __init__(
        self, draws: Draws, ids: Ints, clock: Ints, end: int, pace: npt.NDArray[np.float64] | None = None
    ) -> None:
        self.draws = draws
        self.ids = ids
        self.clock = clock.copy()
        self.end = end
        self.pace = np.ones(len(ids)) if pace is None else pace
        self._steps: dict[str, list[Steps]] = {}

    def after(self, kind: str, low: float, high: float, slot: str = "") -> Ints:
        """Moments `low` to `high` seconds (times the pace) after the clocks; at least one second."""
        delay = self.draws.delay(f"delay/{kind}/{slot}", self.ids, low, high)
        return self.clock + np.maximum((delay * self.pace).astype(np.int64), 1_000)

    def step(
        self, kind: str, where: Bools, low: float, high: float, slot: str = "", **attributes: Ints | Bools | int
    ) -> None:
        """Those in `where` take a step `low` to `high` seconds (times their pace) after their last one.

        `slot` tells steps of one kind apart when their delays are drawn.
        """
        self.step_at(kind, where, self.after(kind, low, high, slot), **attributes)

    def step_at(self, kind: str, where: Bools, times: Ints, **attributes: Ints | Bools | int) -> None:
        """Those in `where` take a step at the given moments, which are later than their last ones."""
        self.clock = np.where(where, times, self.clock)
        rows = np.flatnonzero(where & (self.clock < self.end))
        kept = {
            name: np.broadcast_to(np.asarray(of, dtype=np.int64), where.shape)[rows] for name, of in attributes.items()
        }
        self._steps.setdefault(kind, []).append(Steps(rows, self.clock[rows], kept))

    def steps(self, kind: str) -> Steps:
        """All steps of a kind in the window, by entity and then in order of time. The kind must have been asked for."""
        parts = self._steps[kind]
        entity = np.concatenate([part.entity for part in parts])
        order = np.argsort(entity, kind="stable")
        names = parts[0].attributes
        return Steps(
            entity[order],
            np.concatenate([part.time for part in parts])[order],
            {name: np.concatenate([part.attributes[name] for part in parts])[order] for name in names},
        )


def merged(parts: list[Steps]) -> Steps:
    """Steps of one kind from several walks over the same entities, by entity and then by time."""
    entity = np.concatenate([part.entity for part in parts])
    time = np.concatenate([part.time for part in parts])
    names = parts[0].attributes
    together = Steps(entity, time, {name: np.concatenate([part.attributes[name] for part in parts]) for name in names})
    return together.where(np.lexsort((time, entity)))
