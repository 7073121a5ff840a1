"""Builds a closed period anew from the lake and holds it to what was frozen, byte for byte; keeps nothing of it."""

import shutil
import tempfile
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from orchestration.closing import evidence, periods, states
from orchestration.closing.freeze import freeze
from orchestration.closing.past import as_known_at
from orchestration.errors import Refused
from orchestration.home import Home
from orchestration.warehouse.connection import open_warehouse

if TYPE_CHECKING:
    from orchestration.warehouse.dbt_runner import Progress


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
