"""All faults of one run, in the order in which its parts come: what `simulation.py` calls. Decides nothing itself."""

from collections.abc import Iterable

import pyarrow as pa

from simulator.control import MEASURES, WITH_AMOUNT, ControlTotals
from simulator.envelopes import Lines
from simulator.faults.business import BusinessFaults
from simulator.faults.context import Context
from simulator.faults.invoicing import BillingFaults
from simulator.faults.references import ReferenceFaults
from simulator.faults.spec import Wanted
from simulator.faults.transport import TransportFaults
from simulator.faults.truth import Fault, Truth
from simulator.faults.victims import Victims
from simulator.files import EventFiles
from simulator.money import CURRENCY_CODES, STEPS
from simulator.window import Month
from simulator.world import World


class Faults:
    """The faults of a run; with nothing wanted it harms nothing."""

    def __init__(self, wanted: Iterable[Wanted], world: World) -> None:
        self.world = world
        self.truth = Truth()
        self.victims = Victims(wanted, world.quotes, world.draws)
        context = Context(self.victims, self.truth, world.draws, world.window.end_ms)
        self.business, self.billing = BusinessFaults(context), BillingFaults(context)
        self._transport = TransportFaults(self.victims, self.truth, world.draws, world.window)
        self._references = ReferenceFaults(self.victims, self.truth, world)
        self._may_lack_references = True

    def write(self, parts: list[Lines], files: EventFiles) -> None:
        """Write the lines of a chunk as they arrive; the first chunk holds the reference data."""
        if self._may_lack_references:
            parts = self._references.harm(parts)
            self._may_lack_references = False
        for lines in self._transport.harm(parts):
            self.truth.saw(lines.line, files.write(lines))

    def write_delayed(self, files: EventFiles) -> None:
        """Write what arrives after everything else."""
        for one in sorted(self._transport.delayed, key=lambda one: (one.arrival, one.line)):
            place = files.write_text(one.source, one.month, one.line)
            self.truth.saw(pa.array([one.line], pa.string()), [place])

    def control_totals(self, totals: ControlTotals) -> None:
        """Make published totals wrong: one minor unit too much, or one too many of what is only counted."""
        told = {place for fault in self.truth.faults for check, place in fault.found_by if check == "control_total"}
        for wanted in self.victims.of_kind("wrong_control_total"):
            cells = []
            for source, measures in MEASURES.items():
                for month in self.world.window.months():
                    cells += [(source, month, key) for key in totals.cells(measures, month)]
            cells = [cell for cell in cells if wanted.month in (None, cell[1].name) and _place(*cell) not in told]
            for source, month, key in _spread(cells, wanted.count):
                measure, _, currency = key
                wrong = int(STEPS[currency]) if measure in WITH_AMOUNT else None
                if wrong is None:
                    totals.counts[key] += 1
                else:
                    totals.amounts[key] += wrong
                place = _place(source, month, key)
                told.add(place)
                self.victims.count(wanted)
                fault = Fault(
                    wanted.kind, [("control_total", place)], "ControlTotal", f"{source}:{month.name}", measure
                )
                fault.event_ids.append(f"{source}:control:{month.name}")
                fault.currency = CURRENCY_CODES[currency] if currency >= 0 else None
                fault.amount = wrong
                self.truth.add(fault)

    def finish(self, files: EventFiles) -> None:
        """Write the truth file. Raises Unusable when the run was too small for what was wanted."""
        self.victims.check_complete()
        if self.victims.wanted:
            files.write_truth(self.truth.text())


def _place(source: str, month: Month, key: tuple[str, int, int]) -> str:
    measure, _, currency = key
    return f"{source}/{measure}/{month.period}{f'/{CURRENCY_CODES[currency]}' if currency >= 0 else ''}"


Cell = tuple[str, Month, tuple[str, int, int]]


def _spread(cells: list[Cell], count: int) -> list[Cell]:
    """So many of the cells, evenly over all of them; fewer when there are not so many."""
    taken = min(count, len(cells))
    return [cells[(2 * place + 1) * len(cells) // (2 * taken)] for place in range(taken)]
