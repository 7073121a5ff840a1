"""Where the followed read models live: a warehouse, releases and a lock of their own over the lake of the home."""

from dataclasses import dataclass
from pathlib import Path

from orchestration.home import Home


@dataclass(frozen=True)
class OperationsHome(Home):
    """The paths of a home as `tieout follow` uses them: its inbox and lake, with what is made from them apart.

    `generation` names one warehouse: a rebuild makes another one beside it (docs/operations.md).
    """

    generation: str = "1"

    @classmethod
    def of(cls, home: Home, generation: str = "1") -> "OperationsHome":
        """The operations side of a home."""
        return cls(home.root, generation)

    @property
    def folder(self) -> Path:
        return self.root / "operations"

    @property
    def warehouse(self) -> Path:
        return self.folder / "warehouse" / self.generation / "tieout.duckdb"

    @property
    def releases(self) -> Path:
        return self.folder / "releases"

    @property
    def search(self) -> Path:
        return self.folder / "search"

    @property
    def dbt_target(self) -> Path:
        return self.folder / "dbt"

    @property
    def lock(self) -> Path:
        return self.folder / "lock"

    @property
    def last_failure(self) -> Path:
        return self.folder / "last-failure.json"

    @property
    def steps(self) -> Path:
        return self.folder / "steps.ndjson"
