"""Which files of the lake the batches of a step brought, so that a step reads those and not the whole lake."""

import json
import re
from dataclasses import dataclass
from pathlib import Path

from orchestration.home import Home
from orchestration.warehouse.lake import MANIFEST, PREFIX

EVENT_GLOB = re.compile(r"'(?P<lake>[^']*)/batches/batch_seq=\*/(?P<path>events/[^']*\.parquet)'")


@dataclass(frozen=True)
class Arrivals:
    """Per batch folder of a step, the paths of its event files that have rows (relative to the folder)."""

    files: dict[Path, tuple[str, ...]]
    events: int

    @classmethod
    def between(cls, home: Home, after: int, through: int) -> "Arrivals":
        """Those of the batches after one and up to another."""
        files, events = {}, 0
        for folder in sorted((home.lake / "batches").glob(f"{PREFIX}*")):
            if after < int(folder.name.removeprefix(PREFIX)) <= through:
                manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
                named = manifest.get("files") or {}
                files[folder] = tuple(
                    name for name, file in named.items() if name.startswith("events/") and file["rows"]
                )
                events += manifest["verdicts"]["accepted"] if "verdicts" in manifest else 0
        return cls(files, events)

    def narrowed(self, sql: str) -> str | None:
        """SQL that reads event files of every batch, reading those of the step alone; None where it brought none."""
        empty = False

        def listed(match: re.Match[str]) -> str:
            nonlocal empty
            pattern = re.compile(re.escape(match["path"]).replace(r"\*", "[^/]*"))
            found = [
                f"'{folder}/{name}'"
                for folder, names in self.files.items()
                for name in names
                if pattern.fullmatch(name)
            ]
            empty = empty or not found
            return f"[{', '.join(found)}]"

        narrowed = EVENT_GLOB.sub(listed, sql)
        return None if empty else narrowed
