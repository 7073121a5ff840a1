"""Landing: event files become batches of the lake, every line with one verdict; nothing here interprets the events."""

from orchestration.landing.lake import add_new_event_types, ensure_lake
from orchestration.landing.landing import land
from orchestration.landing.layout import Batch, LakeState, batches, lake_state
from orchestration.landing.limits import Limits
from orchestration.landing.relanding import QuarantinedLine, Relanded, RelandResult, reland
from orchestration.landing.results import DiskFull, FileResult, FilesUnusable, LandResult, Status, Verdict, Verdicts

__all__ = [
    "Batch",
    "DiskFull",
    "FileResult",
    "FilesUnusable",
    "LakeState",
    "LandResult",
    "Limits",
    "QuarantinedLine",
    "RelandResult",
    "Relanded",
    "Status",
    "Verdict",
    "Verdicts",
    "add_new_event_types",
    "batches",
    "ensure_lake",
    "lake_state",
    "land",
    "reland",
]
