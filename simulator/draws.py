"""Random draws that depend on the seed, the question and the entity alone, never on order or chunk size."""

import hashlib
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from simulator.window import SECOND, Bools, Ints

_Words = npt.NDArray[np.uint64]
_MASK = (1 << 64) - 1
_GOLDEN = 0x9E3779B97F4A7C15


@lru_cache(maxsize=1024)
def _key(seed: int, question: str) -> int:
    return int.from_bytes(hashlib.sha256(f"{seed}/{question}".encode()).digest()[:8], "big")


def _mix(words: _Words) -> _Words:
    """The finaliser of splitmix64: neighbouring inputs give unrelated outputs."""
    words = (words ^ (words >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    words = (words ^ (words >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return words ^ (words >> np.uint64(31))


class Draws:
    """Draws by question (a name) for many entities (whole numbers) at once."""

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def words(self, question: str, ids: Ints) -> _Words:
        """64 random bits for each entity."""
        key = np.uint64(_key(self.seed, question))
        return _mix(_mix(ids.astype(np.uint64) * np.uint64(_GOLDEN & _MASK) + key) + key)

    def uniform(self, question: str, ids: Ints) -> npt.NDArray[np.float64]:
        """A number in [0, 1) for each entity. Never for money."""
        return (self.words(question, ids) >> np.uint64(11)).astype(np.float64) * 2.0**-53

    def chance(self, question: str, ids: Ints, probability: float | npt.NDArray[np.float64]) -> Bools:
        """True with the given probability."""
        hit: Bools = self.uniform(question, ids) < probability
        return hit

    def between(self, question: str, ids: Ints, low: int | Ints, high: int | Ints) -> Ints:
        """A whole number from `low` to `high`, both included."""
        spread = np.asarray(high, dtype=np.int64) - np.asarray(low, dtype=np.int64) + 1
        number: Ints = np.asarray(low, dtype=np.int64) + (self.uniform(question, ids) * spread).astype(np.int64)
        return number

    def weighted(self, question: str, ids: Ints, weights: Sequence[int]) -> Ints:
        """An index into `weights`, as often as its weight says."""
        edges = np.cumsum(np.asarray(weights, dtype=np.float64))
        place: Ints = np.searchsorted(edges, self.uniform(question, ids) * edges[-1], side="right").astype(np.int64)
        return place

    def delay(self, question: str, ids: Ints, low: float, high: float) -> Ints:
        """Milliseconds between `low` and `high` seconds, short ones likelier than long ones."""
        part = self.uniform(question, ids) ** 2
        return (low * SECOND + part * ((high - low) * SECOND)).astype(np.int64)
