"""Where Tieout keeps its state: the paths under TIEOUT_HOME, and nothing that opens them."""

import os
from dataclasses import dataclass
from pathlib import Path

PROJECT_ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Home:
    """Paths of one Tieout state folder (see docs/architecture.md)."""

    root: Path

    @classmethod
    def from_environment(cls) -> "Home":
        """The home that TIEOUT_HOME names, `.tieout` below the current folder without it."""
        return cls(Path(os.environ.get("TIEOUT_HOME") or ".tieout").resolve())

    @property
    def inbox(self) -> Path:
        return self.root / "inbox"

    @property
    def lake(self) -> Path:
        return self.root / "lake"

    @property
    def warehouse(self) -> Path:
        return self.root / "warehouse" / "tieout.duckdb"

    @property
    def ledger(self) -> Path:
        return self.root / "ledger" / "ledger.ndjson"

    @property
    def dbt_target(self) -> Path:
        return self.root / "dbt" / "target"

    @property
    def closes(self) -> Path:
        return self.root / "closes"

    @property
    def evidence(self) -> Path:
        return self.root / "evidence"

    @property
    def releases(self) -> Path:
        return self.root / "releases"

    @property
    def search(self) -> Path:
        return self.root / "search"
