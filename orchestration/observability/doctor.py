"""The health of the set-up: what could stop a command, found before it does, each with what to do; changes nothing."""

import os
import re
import shutil
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from orchestration.home import PROJECT_ROOT, Home
from orchestration.observability.findings import Finding
from orchestration.observability.integrity import check_lake, check_ledger
from orchestration.publishing import store
from orchestration.warehouse.lake import lake_leftovers
from orchestration.warehouse.lock import holder

PYTHON = ((3, 11), (3, 13))
FREE_BYTES = 1_000_000_000
PIN = re.compile(r"(?P<name>[A-Za-z0-9._-]+)==(?P<version>\S+)(?: ; (?P<marker>[^\\]+))?")


def diagnose(home: Home) -> list[Finding]:
    """Every finding, problems or not, in the order in which they would stand in the way."""
    return [
        _python(),
        _packages(PROJECT_ROOT / "requirements.lock"),
        _writable(home),
        _disk(home),
        _lock(home),
        check_lake(home, contents=False),
        check_ledger(home),
        _current(home),
        *_signatures(home),
        _leftovers(home),
        *_telemetry(home),
    ]


def _python() -> Finding:
    lowest, highest = (".".join(map(str, bound)) for bound in PYTHON)
    found = f"{sys.version_info.major}.{sys.version_info.minor}"
    if PYTHON[0] <= sys.version_info[:2] <= PYTHON[1]:
        return Finding("python", True, found)
    return Finding("python", False, found, f"use Python {lowest} to {highest}: make PYTHON=python{highest} setup")


def _packages(lock: Path) -> Finding:
    if not lock.exists():
        return Finding("packages", False, f"{lock} is missing", "take it from the repository")
    pinned = list(_pins(lock.read_text(encoding="utf-8")))
    wrong = [f"{name} {found or 'missing'} instead of {wanted}" for name, wanted, found in pinned if wanted != found]
    if wrong:
        told = ", ".join(wrong[:5]) + (f" and {len(wrong) - 5} more" if len(wrong) > 5 else "")
        return Finding("packages", False, told, "install what requirements.lock names: make setup")
    return Finding("packages", True, f"{len(pinned)} packages as requirements.lock has them")


def _pins(text: str) -> Iterator[tuple[str, str, str | None]]:
    """Name, locked version and installed version of each pin that this platform calls for."""
    from packaging.markers import Marker

    for line in text.splitlines():
        pin = PIN.match(line)
        if pin and (not pin["marker"] or Marker(pin["marker"].strip()).evaluate()):
            yield pin["name"], pin["version"], _installed(pin["name"])


def _installed(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _writable(home: Home) -> Finding:
    folders = [home.root, home.lake, home.warehouse.parent, home.ledger.parent, home.releases]
    locked = [str(path) for path in map(_nearest, folders) if not os.access(path, os.W_OK | os.X_OK)]
    if locked:
        return Finding(
            "write permission", False, f"none in {', '.join(sorted(set(locked)))}", "give this user write access"
        )
    return Finding("write permission", True, str(home.root))


def _nearest(path: Path) -> Path:
    """The path, or the nearest folder above it that exists."""
    return path if path.exists() else _nearest(path.parent)


def _disk(home: Home) -> Finding:
    free = shutil.disk_usage(_nearest(home.root)).free
    warehouse = home.warehouse.stat().st_size if home.warehouse.exists() else 0
    needed = FREE_BYTES + 2 * warehouse
    told = f"{free / 1e9:.1f} GB free, {needed / 1e9:.1f} GB wanted (a build and a release each write a copy)"
    if free >= needed:
        return Finding("disk space", True, told)
    return Finding("disk space", False, told, "free some, or keep fewer releases (TIEOUT_RETAIN_RELEASES)")


def _lock(home: Home) -> Finding:
    working = holder(home)
    if working is None:
        return Finding("warehouse lock", True, "free")
    return Finding("warehouse lock", True, f"held: {working.purpose}, process {working.pid}, since {working.since}")


def _current(home: Home) -> Finding:
    current = store.current_id(home)
    if current is None:
        return Finding("current release", True, "nothing is published yet")
    if any(release.release_id == current for release in store.list_releases(home)):
        return Finding("current release", True, current)
    return Finding("current release", False, f"{current} is not there", "choose one: tieout releases, tieout rollback")


def _signatures(home: Home) -> Iterator[Finding]:
    """Of a ledger that is broken the check of the ledger tells."""
    from orchestration.observability.closes import check_signatures

    if check_ledger(home).ok:
        yield from check_signatures(home)


def _leftovers(home: Home) -> Finding:
    left = [*store.temporary_folders(home), *lake_leftovers(home)] if holder(home) is None else []
    if left:
        named = ", ".join(str(path) for path in left)
        return Finding(
            "leftovers", False, named, "an interrupted run left them; the next run of the same step removes them"
        )
    return Finding("leftovers", True, "none")


def _telemetry(home: Home) -> Iterator[Finding]:
    """dbt by its project file, Dagster by its instance file; Great Expectations is switched off where it is called."""
    import yaml

    off = {
        PROJECT_ROOT / "dbt_project.yml": ("flags", "send_anonymous_usage_stats"),
        Path(os.environ.get("DAGSTER_HOME") or home.root / "dagster") / "dagster.yaml": ("telemetry", "enabled"),
    }
    for path, (section, setting) in off.items():
        what = f"telemetry ({path.name})"
        if not path.exists():
            yield Finding(what, True, f"{path} is not there: nothing is started from it")
            continue
        content = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
        if (content.get(section) or {}).get(setting) is False:
            yield Finding(what, True, "off")
        else:
            yield Finding(what, False, "on", f"set {section}.{setting} to false in {path}")
