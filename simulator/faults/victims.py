"""Who is hit by a fault: so many quotes of those that can be, spread over the run, one fault each. Harms nothing."""

from collections.abc import Iterable, Iterator

import numpy as np

from orchestration.errors import Unusable
from simulator.draws import Draws
from simulator.faults.spec import Wanted
from simulator.faults.truth import month_of
from simulator.window import Bools, Ints


class Victims:
    """Chooses quotes by number; nothing depends on how many quotes are worked on at a time.

    Each fault waits for the first quote from its own number on that can be hit and was not hit before.
    """

    def __init__(self, wanted: Iterable[Wanted], quotes: int, draws: Draws) -> None:
        self.wanted = tuple(wanted)
        self._taken: set[int] = set()
        self._starts: dict[Wanted, list[int]] = {}
        self._done: dict[Wanted, int] = {}
        self._last: dict[Wanted, int] = {}
        for one in self.wanted:
            place = np.arange(one.count, dtype=np.int64)
            part = (place + draws.uniform(f"fault/{one.kind}", place) * 0.5) / one.count
            # The last third of a run has few quotes that have come to an end.
            self._starts[one] = [0] * one.count if one.month else (part * quotes * 0.6).astype(np.int64).tolist()
            self._done[one] = 0

    def of_kind(self, *kinds: str) -> list[Wanted]:
        """What is wanted of some kinds, in the order of the kinds."""
        return [one for kind in kinds for one in self.wanted if one.kind == kind]

    def choose(self, wanted: Wanted, numbers: Ints, months: list[str]) -> Iterator[tuple[int, int]]:
        """(ordinal of the fault, position) of those hit among the candidates, which come in order of quote number.

        `months` are those of the candidates' events. A quote is hit once in a run, by whatever fault.
        """
        starts = self._starts[wanted]
        for position, number in enumerate(numbers.tolist()):
            done = self._done[wanted]
            if done == len(starts):
                return
            reached = number >= starts[done] and number > self._last.get(wanted, -1)
            if not reached or number in self._taken or wanted.month not in (None, months[position]):
                continue
            self._taken.add(number)
            self._last[wanted] = number
            self._done[wanted] = done + 1
            yield done, position

    def next_ordinal(self, wanted: Wanted) -> int | None:
        """The ordinal of the next fault that is wanted; None when all are done."""
        done = self._done[wanted]
        return done if done < wanted.count else None

    def count(self, wanted: Wanted) -> None:
        """One more is done, of those that hit no quote."""
        self._done[wanted] += 1

    def check_complete(self) -> None:
        """Raises Unusable when the run had too few quotes for what was wanted."""
        for one in self.wanted:
            if self._done[one] < one.count:
                where = f" in {one.month}" if one.month else ""
                raise Unusable(
                    f"--faults {one.kind}={one.count}: only {self._done[one]} could be made{where}; "
                    "simulate more quotes or a longer time"
                )


def months_of(times: Ints) -> list[str]:
    """The months of moments in milliseconds, such as `2026-09`."""
    return [month_of(time) for time in times.tolist()]


def first_of_each(owner: Ints, can: Bools) -> Ints:
    """The first row that can be hit of each owner; owners rise with the rows."""
    rows = np.flatnonzero(can)
    first: Ints = rows[np.unique(owner[rows], return_index=True)[1]]
    return first
