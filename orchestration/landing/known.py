"""The ids of a lake's accepted events in memory: who lands file after file need not ask the lake for new ones."""

from typing import TYPE_CHECKING

import numpy as np

from orchestration.landing.recorded import read_files

if TYPE_CHECKING:
    import duckdb
    from numpy.typing import NDArray

    from orchestration.landing.layout import LakeState

# Arrays are put together when there are more of them: each is searched by itself.
_ARRAYS = 64


class KnownIds:
    """Hashes of the identities (source, event id) of all accepted events of one lake: 8 bytes each.

    Belongs to whoever lands in one thread; what other processes landed is read when it is asked. The lake decides what
    an event is: a hash only says where it does not have to be asked.
    """

    def __init__(self) -> None:
        self._arrays: list[NDArray[np.uint64]] = []
        self._read = 0
        self._last_read = ""

    def may_hold(self, con: "duckdb.DuckDBPyConnection", lake: "LakeState", table: str) -> bool:
        """Whether the lake may hold one of the identities of a table (source_system, event_id); False is certain."""
        self._catch_up(con, lake)
        asked = _hashes(con, table)
        return any(_has_one(array, asked) for array in self._arrays)

    def _catch_up(self, con: "duckdb.DuckDBPyConnection", lake: "LakeState") -> None:
        # Each manifest names the one before it: with the same last one, all before are the same.
        before = lake.batches[self._read - 1 : self._read] if self._read else ()
        if self._read and [batch.manifest_sha256 for batch in before] != [self._last_read]:
            self._arrays, self._read = [], 0
        files = [
            batch.folder / name
            for batch in lake.batches[self._read :]
            for name, file in batch.manifest["files"].items()
            if name.startswith("events/") and file["rows"]
        ]
        if files:
            self._arrays.append(np.sort(_hashes(con, read_files(files))))
        if len(self._arrays) > _ARRAYS:
            self._arrays = [np.sort(np.concatenate(self._arrays))]
        if lake.batches:
            self._read, self._last_read = len(lake.batches), lake.batches[-1].manifest_sha256


def _hashes(con: "duckdb.DuckDBPyConnection", table: str) -> "NDArray[np.uint64]":
    found = con.execute(f"select hash(source_system, event_id) as hashed from {table}").fetchnumpy()["hashed"]
    return np.asarray(found, np.uint64)


def _has_one(known: "NDArray[np.uint64]", asked: "NDArray[np.uint64]") -> bool:
    at = np.searchsorted(known, asked)
    return bool(np.any(known[np.minimum(at, len(known) - 1)] == asked))
