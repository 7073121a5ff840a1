"""One parse of the dbt project for all homes of a test run: it takes eight seconds, and most tests have a new home."""

import contextlib
import hashlib
import json
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from orchestration.home import PROJECT_ROOT
from orchestration.warehouse.dbt_runner import DbtProject

PARSED = ("partial_parse.msgpack", "manifest.json", "parse.json")


def share_parses(shared: Path) -> None:
    """From now on a home without a parse takes the one that was made of the same project, and leaves what it made."""
    original = DbtProject._manifest

    def manifest(self: DbtProject, variables: Mapping[str, Any], parse_key: str) -> tuple[Any, str]:
        if self._project != PROJECT_ROOT:
            return original(self, variables, parse_key)
        # The key names the home's lake too, which only dbt's own page of the sources shows.
        code = parse_key.replace(str(self._home.lake), "")
        kept = shared / hashlib.sha256(code.encode()).hexdigest()
        if kept.exists() and not (self.target / "parse.json").exists():
            self.target.mkdir(parents=True, exist_ok=True)
            for name in PARSED:
                shutil.copy(kept / name, self.target / name)
            note = json.loads((kept / "parse.json").read_text())
            (self.target / "parse.json").write_text(json.dumps({**note, "key": parse_key}))
        found = original(self, variables, parse_key)
        if not kept.exists() and (self.target / "parse.json").exists():
            made = Path(tempfile.mkdtemp(dir=shared))
            for name in PARSED:
                shutil.copy(self.target / name, made / name)
            # Another process may have been first.
            with contextlib.suppress(OSError):
                made.rename(kept)
        return found

    DbtProject._manifest = manifest  # type: ignore[method-assign]
