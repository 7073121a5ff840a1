"""One step of `tieout follow` after the other: land, bring the read models up to it, check, release."""

import os
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from types import TracebackType
from typing import TYPE_CHECKING

from orchestration.errors import Refused
from orchestration.home import PROJECT_ROOT, Home
from orchestration.operations import engine
from orchestration.operations.arrivals import Arrivals
from orchestration.operations.bootstrap import Prepared, now, prepare
from orchestration.operations.deferring import Deferring
from orchestration.operations.home import OperationsHome
from orchestration.operations.intake import Intake, Landed
from orchestration.operations.plan import Inputs
from orchestration.operations.releasing import Releasing
from orchestration.operations.steps import Step, last_failure, note_failure, note_step
from orchestration.warehouse.lake import read_lake
from orchestration.warehouse.lock import lock_file

if TYPE_CHECKING:
    from orchestration.warehouse.dbt_runner import Progress

CHECK_SECONDS = 30.0
# Of the minute that some may be late; the rest is for the step, and for the index of what is searched.
DEFERRED_SECONDS = 20.0


@dataclass(frozen=True)
class _Begun:
    """A step whose models are run, and whose release readers may not have yet."""

    inputs: Inputs
    landed: Landed
    events: int
    models_seconds: float
    releasing_since: datetime
    models: int
    failed_checks: dict[str, int]


class Follower(AbstractContextManager["Follower"]):
    """The read models of a home, open in this process; one at a time, which its lock sees to."""

    def __init__(
        self, home: Home, progress: "Progress | None" = None, told: Callable[[Step], None] | None = None
    ) -> None:
        self._home, self._progress, self._told = home, progress, told
        self._lock = lock_file(OperationsHome.of(home).lock, "keep the read models current")
        self._prepared: Prepared | None = None
        self._releasing: Releasing | None = None
        self._deferring: Deferring | None = None
        self._defers_beside = False
        self._begun: _Begun | None = None
        self._ended: list[Step] = []
        self._checked_at = self._deferred_at = 0.0
        self._shown_deferred: tuple[int, datetime] | None = None
        self._ran = engine.Ran(frozenset(), {})
        self._intake = Intake(home, progress)

    def __enter__(self) -> "Follower":
        self._lock.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._intake.__exit__(kind, error, traceback)
        for beside in (self._releasing, self._deferring):
            if beside is not None:
                beside.__exit__(kind, error, traceback)
        if self._prepared is not None:
            self._prepared.connection.close()
        self._lock.__exit__(kind, error, traceback)

    @property
    def home(self) -> Home:
        """The home whose inbox is followed."""
        return self._home

    def work_beside(self) -> None:
        """From here on, land and make what is deferred in threads beside the steps."""
        self._intake.beside()
        self._defers_beside = True
        # Landing, releases and what is deferred take the other cores: a query on all of them would wait for each.
        threads = max((os.cpu_count() or 1) - 1, 1)
        self.prepared.connection.execute(f"set threads = {threads}")

    @property
    def prepared(self) -> Prepared:
        """The open warehouse and its plan, made at the first use."""
        if self._prepared is None:
            self._prepared = prepare(self._home, PROJECT_ROOT, self._progress)
        return self._prepared

    def step(self, *, deferred: bool = False) -> tuple[Step | None, tuple[str, ...]]:
        """Land, run, release; None where nothing is new. With it, the files that stay in the inbox, and why.

        Read models that may be a minute late come along when DEFERRED_SECONDS have passed, or when `deferred` asks.
        """
        is_new, left = self.begin(deferred=deferred)
        ended = self.ended()
        return ended[-1] if is_new else None, left

    def begin(self, *, deferred: bool = False) -> tuple[bool, tuple[str, ...]]:
        """As `step`, but the release goes on beside what comes next: whether something is new, and what stays.

        A release waits for the one before it.
        """
        self._intake.look()
        lake, prepared, left = read_lake(self._home), self.prepared, self._intake.left
        landed = self._intake.taken(lake.high_water)
        self._take_deferred(wait=deferred)
        before, deferred_of = engine.followed(prepared.connection), engine.deferred_of(prepared.connection)
        assert before is not None
        if lake.high_water < before[0]:
            raise Refused(
                f"The lake ends at batch {lake.high_water}, the read models have batch {before[0]}: it is another "
                "lake. Run `tieout follow --rebuild`."
            )
        # After a failed check all are made in one step, so that the checks decide what readers get.
        deferred = deferred or self._checked_at == 0.0 or (self._deferred_are_due() and not self._defers_beside)
        plan = prepared.plan
        inputs = Inputs(
            lake.high_water,
            before[0],
            max(lake.as_of, before[1]),
            before[1],
            now(),
            lake.high_water if deferred else deferred_of[0],
            deferred_of[0],
            last_failure(prepared.home),
        )
        if lake.high_water == before[0] and self._is_released(before[0]):
            if deferred and deferred_of[0] != before[0]:
                plan = plan.only_deferred()
            elif self._shown_deferred not in (None, deferred_of):
                plan = plan.freshness_of_deferred()
            else:
                self._defer(inputs)
                return False, left
        elif not deferred:
            plan = plan.without_deferred()
        began = time.monotonic()
        arrivals = Arrivals.between(self._home, before[0], lake.high_water)
        since_deferred = Arrivals.between(self._home, deferred_of[0], lake.high_water) if deferred else arrivals
        try:
            ran = self._ran = engine.run_plan(
                prepared.connection, plan, inputs, arrivals, since_deferred, checkpoint=lambda _: self._look()
            )
        except Exception as error:
            note_failure(prepared.home, inputs, str(error))
            raise
        if deferred:
            self._deferred_at = time.monotonic()
        # Some checks hold deferred read models against the others, so all wait for a step that has them.
        failed = self._checks() if deferred else {}
        if failed:
            note_failure(prepared.home, inputs, ", ".join(failed))
        models = time.monotonic() - began
        self._collect()
        self._begun = _Begun(inputs, landed, arrivals.events, models, datetime.now(UTC), len(ran.seconds), failed)
        if not failed:
            self.releasing.start(inputs, at_rest=not self.deferring.is_running)
            self._shown_deferred = engine.deferred_of(prepared.connection)
            self._defer(inputs)
        return True, left

    def ended(self, *, wait: bool = True) -> list[Step]:
        """The steps since the last call that readers see; without `wait` not the one whose release is being written."""
        if wait or self.releasing.is_done:
            self._collect()
        ended, self._ended = self._ended, []
        return ended

    def _look(self) -> None:
        """Tell of a release as soon as readers have it, within a step that one that failed is not to undo."""
        if self.releasing.is_there:
            self._collect()

    def _collect(self) -> None:
        if self._begun is None:
            return
        begun, self._begun = self._begun, None
        release_id, at = self.releasing.finish() if self.releasing.is_running else ("", datetime.now(UTC))
        step = self._noted(begun, release_id, at)
        self._ended.append(step)
        if self._told:
            self._told(step)

    @property
    def ran(self) -> engine.Ran:
        """What the models of the last step did."""
        return self._ran

    @property
    def releasing(self) -> Releasing:
        """The releases of the open warehouse."""
        if self._releasing is None:
            self._releasing = Releasing(self.prepared)
        return self._releasing

    def inputs_now(self) -> Inputs:
        """The inputs that the read models show."""
        held = engine.followed(self.prepared.connection)
        assert held is not None
        through = engine.deferred_of(self.prepared.connection)[0]
        return Inputs(held[0], held[0], held[1], held[1], now(), through, through)

    def release(self, inputs: Inputs, failed: dict[str, int]) -> str:
        """Let readers see the read models as they are; with a failed check they keep what they have."""
        if failed:
            return ""
        self.releasing.start(inputs)
        return self.releasing.finish()[0]

    @property
    def deferring(self) -> Deferring:
        """What makes deferred models of the open warehouse beside the steps."""
        if self._deferring is None:
            self._deferring = Deferring(self.prepared.connection)
        return self._deferring

    def _deferred_are_due(self) -> bool:
        return time.monotonic() - self._deferred_at >= DEFERRED_SECONDS

    def _checks_are_due(self) -> bool:
        """What fails is looked at again in every step: readers get nothing new until it passes."""
        return self._checked_at == 0.0 or time.monotonic() - self._checked_at >= CHECK_SECONDS

    def _defer(self, step: Inputs) -> None:
        """Have deferred models made of what this step left, where that is due and something is new."""
        deferred_through = engine.deferred_of(self.prepared.connection)[0]
        is_due = self._defers_beside and self._deferred_are_due() and not self.deferring.is_running
        if not is_due or deferred_through == step.lake_high_water:
            return
        inputs = replace(step, deferred_through=step.lake_high_water, deferred_built_through=deferred_through)
        arrived = Arrivals.between(self._home, deferred_through, step.lake_high_water)
        checked = self._checks_are_due()
        self._deferred_at = time.monotonic()
        self._checked_at = self._deferred_at if checked else self._checked_at
        self.deferring.start(self.prepared.plan, inputs, arrived, checked=checked)

    def _take_deferred(self, *, wait: bool) -> None:
        try:
            failed = self.deferring.take(wait=wait)
        except Exception as error:
            note_failure(self.prepared.home, self.inputs_now(), str(error))
            raise
        if failed:
            note_failure(self.prepared.home, self.inputs_now(), ", ".join(failed))
            self._checked_at = 0.0

    def _checks(self) -> dict[str, int]:
        if not self._checks_are_due():
            return {}
        failed = engine.failing(self.prepared.connection, self.prepared.plan.checks)
        self._checked_at = 0.0 if failed else time.monotonic()
        return failed

    def _is_released(self, lake_high_water: int) -> bool:
        from orchestration.publishing import store

        prepared = self.prepared
        if self.releasing.is_bringing(lake_high_water):
            return True
        current = store.current_id(prepared.home)
        if current is None:
            return False
        manifest = store.find(prepared.home, current).manifest
        is_mine = manifest["code"] == prepared.code and manifest["generation"] == prepared.home.generation
        return bool(is_mine and manifest["lake_high_water"] == lake_high_water)

    def _noted(self, begun: _Begun, release_id: str, at: datetime) -> Step:
        landed = begun.landed
        step = Step(
            at=at.isoformat(),
            lake_high_water=begun.inputs.lake_high_water,
            as_of=f"{begun.inputs.as_of.isoformat()}Z",
            files=landed.files,
            events=begun.events,
            lag_seconds=round(at.timestamp() - landed.since, 3) if landed.since is not None else 0.0,
            landing_seconds=round(landed.seconds, 3),
            models_seconds=round(begun.models_seconds, 3),
            release_seconds=round((at - begun.releasing_since).total_seconds(), 3),
            release_id=release_id,
            models=begun.models,
            failed_checks=begun.failed_checks,
        )
        note_step(OperationsHome.of(self._home), step)
        return step
