"""What an index knows of its documents, kept beside them: a hash of each, so that the next one finds what changed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

NAME = "documents.parquet"


@dataclass(frozen=True)
class Fingerprints:
    """What a release has: the types of a document's columns, and SHA-256 per key of each document as its row.

    `active`: the same of what an index is compared with, for the documents that someone may have to act on.
    """

    columns: str
    rows: Mapping[str, bytes]
    active: Mapping[str, bytes]


@dataclass(frozen=True)
class Entry:
    """One document: the hash of its row, of its content in the index, and of what that was compared with, if active."""

    row: bytes
    content: bytes
    active: bytes | None


Record = Mapping[str, Entry]


def record_of(contents: Iterable[tuple[str, bytes]], fingerprints: Fingerprints) -> Record:
    """The record of contents by key that were made from the documents of these fingerprints."""
    rows, active = fingerprints.rows, fingerprints.active
    return {key: Entry(rows[key], content, active.get(key)) for key, content in contents if key in rows}


def write(folder: Path, record: Record) -> None:
    """Keep a record in the folder of its index."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    binary = pa.binary(32)
    columns = {
        "key": pa.array(record, pa.string()),
        "row_hash": pa.array([entry.row for entry in record.values()], binary),
        "content_hash": pa.array([entry.content for entry in record.values()], binary),
        "active_hash": pa.array([entry.active for entry in record.values()], binary),
    }
    # Hashes do not compress, and none of them repeats.
    pq.write_table(pa.table(columns), folder / NAME, compression="none", use_dictionary=False)


def read(folder: Path) -> Record:
    """The record in the folder of an index; raises FileNotFoundError where it has none."""
    import pyarrow.parquet as pq

    table = pq.read_table(folder / NAME)
    keys, *hashes = (table.column(name).to_pylist() for name in ("key", "row_hash", "content_hash", "active_hash"))
    return {key: Entry(*entry) for key, *entry in zip(keys, *hashes, strict=True)}
