"""The Northwind order book, landed and built once for tests that look at the whole way."""

import json
import os
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from orchestration.home import PROJECT_ROOT, Home

NORTHWIND = Path(os.environ.get("TIEOUT_NORTHWIND") or PROJECT_ROOT.parent / "shared" / "data" / "northwind")
ABSENT = not (NORTHWIND / "expected.json").exists()


def build_home(root: Path, files: Iterable[Path]) -> Home:
    """A home with these files landed and built completely; on a home that is there already, landed and built on top."""
    from orchestration.landing import land
    from orchestration.warehouse.build import build

    home = Home(root)
    land(home, list(files))
    built = build(home)
    assert built.complete, [node.message for node in built.failed]
    return home


def copy_warehouse(home: Home, root: Path) -> Home:
    """A home of its own warehouse over the same lake."""
    copy = Home(root)
    copy.warehouse.parent.mkdir(parents=True)
    shutil.copy(home.warehouse, copy.warehouse)
    copy.lake.symlink_to(home.lake)
    return copy


def write_events(path: Path, events: Iterable[dict[str, Any] | str]) -> Path:
    """A file of events, one per line; a str is written as it is."""
    path.write_text("".join(f"{event if isinstance(event, str) else json.dumps(event)}\n" for event in events))
    return path
