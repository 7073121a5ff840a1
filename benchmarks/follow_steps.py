"""`python -m benchmarks.follow_steps`: what steps of `tieout follow` take, one after the other, and their models."""

import argparse
import json
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.events import cut, simulated, split
from benchmarks.measure import machine
from orchestration.home import Home
from orchestration.landing import land
from orchestration.operations.follow import follow
from orchestration.operations.follower import Follower

SHOWN = 20


@dataclass(frozen=True)
class Measured:
    """One step: CPU seconds of all of it, seconds of its parts and of each model, and whether it made what may wait."""

    cpu: float
    landing: float
    models: float
    release: float
    by_model: Mapping[str, float]
    with_deferred: bool


def main() -> None:
    """Parse the arguments, run, and print the result as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--history", type=int, default=1_000_000, help="events of history, about")
    parser.add_argument("--events", type=int, default=5_000, help="events of a step")
    parser.add_argument("--steps", type=int, default=8, help="how many steps")
    parser.add_argument("--work", type=Path, help="where to work; a temporary folder without it")
    options = parser.parse_args()
    os.environ["TIEOUT_INBOX_SETTLE_SECONDS"] = "0"
    with tempfile.TemporaryDirectory(dir=options.work, prefix="tieout-steps-") as folder:
        history, steps = measure(Path(folder), options.history, options.events, options.steps)
    print(json.dumps({"machine": machine(), "history_events": history, **summary(steps)}, indent=1))


def measure(work: Path, history: int, events: int, steps: int) -> tuple[int, list[Measured]]:
    """Events of the history, and its steps; the first one, which opens the warehouse and writes a whole release, apart.

    `work` is an empty folder.
    """
    parts = steps + 1
    past, (tail,) = cut(simulated(history + parts * events, work / "simulated"), work / "cut", [parts * events])
    home = Home(work / "home")
    landed = land(home, [past])
    home.inbox.mkdir(parents=True)
    _say("building the read models")
    follow(home, once=True)
    found = []
    with Follower(home) as follower:
        for part in sorted(split(tail, work / "parts", parts).iterdir()):
            shutil.copy(part, home.inbox / part.name)
            began = time.process_time()
            step, _ = follower.step()
            cpu = time.process_time() - began
            assert step is not None
            ran = follower.ran
            deferred = {one.name for one in follower.prepared.plan.steps if one.is_deferred}
            found.append(
                Measured(
                    cpu,
                    step.landing_seconds,
                    step.models_seconds,
                    step.release_seconds,
                    ran.seconds,
                    bool(deferred & ran.seconds.keys()),
                )
            )
            _say(f"{cpu:.1f} CPU s, models {step.models_seconds} s, release {step.release_seconds} s")
    return landed.verdicts.accepted, found[1:]


def summary(steps: Sequence[Measured]) -> dict[str, Any]:
    """Medians over the steps without what may wait, and over those with it; the models that take most, in seconds."""
    told = {}
    for name, kind in (("steps", False), ("steps_with_deferred", True)):
        of_kind = [step for step in steps if step.with_deferred is kind]
        if not of_kind:
            continue
        by_model: dict[str, list[float]] = defaultdict(list)
        for step in of_kind:
            for model, seconds in step.by_model.items():
                by_model[model].append(seconds)
        most = sorted(((statistics.median(took), model) for model, took in by_model.items()), reverse=True)
        told[name] = {
            "count": len(of_kind),
            "cpu_seconds": _median([step.cpu for step in of_kind]),
            "landing_seconds": _median([step.landing for step in of_kind]),
            "models_seconds": _median([step.models for step in of_kind]),
            "release_seconds": _median([step.release for step in of_kind]),
            "models": {model: round(seconds, 3) for seconds, model in most[:SHOWN]},
        }
    return told


def _median(values: Sequence[float]) -> float:
    return round(statistics.median(values), 2)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
