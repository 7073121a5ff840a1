"""What a simulation run reports about itself; nothing that makes events."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

Progress = Callable[[int, int], None]
"""Called with (quotes done, quotes in all) after each chunk."""


@dataclass
class Summary:
    """Counts of one run. `events` is the sum of either mapping."""

    out: Path
    events_by_type: dict[str, int] = field(default_factory=dict)
    events_by_file: dict[str, int] = field(default_factory=dict)

    @property
    def events(self) -> int:
        """Events written, control totals among them."""
        return sum(self.events_by_type.values())

    def as_dict(self) -> dict[str, object]:
        """The summary as plain JSON types, keys in name order."""
        return {
            "out": str(self.out),
            "events": self.events,
            "events_by_type": dict(sorted(self.events_by_type.items())),
            "events_by_file": dict(sorted(self.events_by_file.items())),
        }
