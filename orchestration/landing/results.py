"""What a landing tells its caller: one result per file, and the verdicts over all of them."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from orchestration.errors import Unusable


class Verdict(StrEnum):
    """What becomes of a line."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    CONFLICT = "conflict"
    QUARANTINED = "quarantined"


class Status(StrEnum):
    """What became of a file."""

    LANDED = "landed"
    ALREADY_LANDED = "already_landed"
    SAME_NAME_OTHER_CONTENT = "same_name_other_content"


@dataclass(frozen=True)
class Verdicts:
    """How many lines got which verdict."""

    accepted: int = 0
    duplicate: int = 0
    conflict: int = 0
    quarantined: int = 0

    @property
    def total(self) -> int:
        return self.accepted + self.duplicate + self.conflict + self.quarantined

    def as_dict(self) -> dict[str, int]:
        return {verdict.value: getattr(self, verdict.value) for verdict in Verdict}

    def when_seen_again(self) -> "Verdicts":
        """The verdicts of the same lines read a second time: what was accepted is a duplicate now."""
        return Verdicts(0, self.accepted + self.duplicate, self.conflict, self.quarantined)

    @classmethod
    def sum(cls, several: Iterable["Verdicts"]) -> "Verdicts":
        listed = list(several)
        return cls(**{verdict.value: sum(getattr(one, verdict.value) for one in listed) for verdict in Verdict})


@dataclass(frozen=True)
class FileResult:
    """One file: `size` in bytes as it lies on disk, `lines` that hold an event (blank ones are counted apart).

    `batch_seq` is the batch that holds the file's lines, also when an earlier landing wrote it.
    """

    path: Path
    sha256: str
    size: int
    lines: int
    blank: int
    verdicts: Verdicts
    status: Status
    batch_seq: int
    messages: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return self.path.name


@dataclass(frozen=True)
class LandResult:
    """What one call of `land` did, file by file in the order they were read."""

    files: tuple[FileResult, ...] = ()
    high_water: int = 0
    errors: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()

    @property
    def verdicts(self) -> Verdicts:
        """Over every line read by this call."""
        return Verdicts.sum(file.verdicts for file in self.files)


class FilesUnusable(Unusable):
    """Some files could not be read; `result` says what became of the others."""

    def __init__(self, result: LandResult) -> None:
        self.result = result
        super().__init__("\n".join(result.errors))


class DiskFull(Unusable):
    """No space left while a batch was written; nothing of it is visible."""
