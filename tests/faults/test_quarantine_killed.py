"""A decision killed between its steps and made again ends as one that was never disturbed."""

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from support.quarantine_cases import contract_without, copied, end_state, home_at, landed, quote

from orchestration.errors import Refused
from orchestration.home import PROJECT_ROOT, Home
from orchestration.landing import quarantine
from orchestration.landing.lake import Checkpoint, no_checkpoint
from orchestration.landing.quarantine import Decision
from orchestration.landing.results import Verdicts

WHO = {"reason": "as agreed", "resolved_by": "Ada"}
CALLS = ("keep_first", "take_second", "retry")


class Stopped(BaseException):
    """Stands for the end of the process, where no process of its own is worth its start."""


def decide(home: Home, call: str, checkpoint: Checkpoint = no_checkpoint) -> None:
    if call == "retry":
        quarantine.retry(home, **WHO, checkpoint=checkpoint)
    else:
        quarantine.resolve(home, 3, Decision(call), **WHO, checkpoint=checkpoint)


def stopping_at(name: str) -> Checkpoint:
    def stop(at: str) -> None:
        if at == name:
            raise Stopped

    return stop


def killed(home: Home, call: str, kill_at: str) -> int:
    """The exit code of a process that makes the call and dies by SIGKILL at the named point."""
    code = f"""
import os, signal
from pathlib import Path
from orchestration.home import Home
from orchestration.landing import quarantine
quarantine.resolve(
    Home(Path({str(home.root)!r})), 3, quarantine.Decision({call!r}), reason="as agreed", resolved_by="Ada",
    checkpoint=lambda at: os.kill(os.getpid(), signal.SIGKILL) if at == {kill_at!r} else None,
)
"""
    return subprocess.run([sys.executable, "-c", code], cwd=PROJECT_ROOT, check=False).returncode


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """Arrival 2 is valid now and was not before; 3 and 4 contradict event 1 in the same way; 5 is still wrong."""
    home = home_at(tmp_path_factory.mktemp("prepared"))
    with contract_without("QuoteCreated", "kind", "AMENDMENT"):
        landed(home, "a.ndjson", quote("1"), quote("2", kind="AMENDMENT"))
    landed(home, "b.ndjson", quote("1", region="B"), quote("1", region="B"), b"not json")
    return home


@pytest.fixture
def home(prepared: Home, tmp_path: Path) -> Home:
    return copied(prepared, tmp_path)


@pytest.fixture(scope="module")
def undisturbed(prepared: Home, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], dict[str, object]]:
    ends: dict[str, dict[str, object]] = {}

    def end_of(call: str) -> dict[str, object]:
        if call not in ends:
            home = copied(prepared, tmp_path_factory.mktemp(call))
            decide(home, call)
            ends[call] = end_state(home)
            assert len(ends[call]["ledger"]) == 1  # type: ignore[arg-type]
        return ends[call]

    return end_of


@pytest.mark.parametrize("kill_at", ["relanded", "recorded"])
@pytest.mark.parametrize("call", CALLS)
def test_a_killed_decision_made_again_ends_the_same(
    home: Home, undisturbed: Callable[[str], dict[str, object]], call: str, kill_at: str
) -> None:
    with pytest.raises(Stopped):
        decide(home, call, stopping_at(kill_at))
    assert end_state(home) != undisturbed(call)
    decide(home, call)
    assert end_state(home) == undisturbed(call)


def test_a_completed_retry_tells_what_the_interrupted_one_landed(home: Home) -> None:
    with pytest.raises(Stopped):
        decide(home, "retry", stopping_at("relanded"))
    result = quarantine.retry(home, **WHO)
    assert (result.tried, result.verdicts, len(result.still_refused)) == (2, Verdicts(accepted=1), 1)


def test_so_it_does_after_a_kill_that_nothing_can_catch(
    home: Home, undisturbed: Callable[[str], dict[str, object]]
) -> None:
    assert killed(home, "take_second", "relanded") == -signal.SIGKILL
    assert end_state(home) != undisturbed("take_second")
    decide(home, "take_second")
    assert end_state(home) == undisturbed("take_second")


def test_an_interrupted_take_second_is_not_turned_into_keep_first(home: Home) -> None:
    with pytest.raises(Stopped):
        decide(home, "take_second", stopping_at("relanded"))
    with pytest.raises(Refused, match="finish it with take_second"):
        quarantine.resolve(home, 4, Decision.KEEP_FIRST, **WHO)
    made = quarantine.resolve(home, 4, Decision.TAKE_SECOND, **WHO)
    assert [(one.arrival_seq, one.batch_seq) for one in made] == [(3, 3), (4, 3)]


def test_the_ledger_is_completed_by_whatever_decision_comes_next(home: Home) -> None:
    with pytest.raises(Stopped):
        decide(home, "keep_first", stopping_at("recorded"))
    assert quarantine.retry(home, **WHO).verdicts == Verdicts(accepted=1)
    bodies = end_state(home)["ledger"]
    assert [body["decision"] for body in bodies] == ["keep_first", "retried"]
