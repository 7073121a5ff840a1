"""The bounds that landing keeps to, so that no file can fill the memory or the disk; nothing that reads a file."""

from dataclasses import dataclass

MIB = 1024 * 1024


@dataclass(frozen=True)
class Limits:
    """Bounds of one landing; sizes in bytes.

    `line_bytes`: a longer line is quarantined without a look inside. `kept_bytes`: how much of such a line is kept as
    its raw line. `unpacked_bytes` and `unpacked_ratio`: how far a compressed file may grow; the ratio counts once
    `ratio_from_bytes` were unpacked. `chunk_bytes`: how much text is judged at a time. `memory`: what DuckDB may hold
    before it spills to the lake's temporary folder.
    """

    line_bytes: int = 16 * MIB
    kept_bytes: int = 128 * MIB
    unpacked_bytes: int = 64 * 1024 * MIB
    unpacked_ratio: int = 400
    ratio_from_bytes: int = 64 * MIB
    chunk_bytes: int = 64 * MIB
    memory: str = "2GB"
    lock_wait_seconds: float = 60.0
