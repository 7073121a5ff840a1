"""One thing that was looked at: what, whether it is well, what was found, what to do; nothing that looks."""

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Finding:
    """`advice` is empty where all is well."""

    what: str
    ok: bool
    found: str
    advice: str = ""

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    def as_row(self) -> list[str]:
        """What, `ok` or `PROBLEM`, what was found and what to do."""
        told = f"{self.found} → {self.advice}" if self.advice else self.found
        return [self.what, "ok" if self.ok else "PROBLEM", told]
