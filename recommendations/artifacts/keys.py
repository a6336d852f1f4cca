"""Keys of items or users as two flat arrays that can be mapped from disk."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .errors import ArtifactDamagedError

Int64s = NDArray[np.int64]

_STRIDE = 16


class KeyTable:
    """An immutable list of different strings, sorted by their UTF-8 bytes.

    ``bytes`` (uint8) holds all keys one after another, key ``i`` from ``offsets[i]`` to ``offsets[i + 1]``
    (int64, n + 1). A key is found by bisection, so that of a mapped table a process holds every 16th key
    only.
    """

    def __init__(self, bytes: NDArray[np.uint8], offsets: Int64s) -> None:
        if len(offsets) < 1 or offsets[0] != 0 or offsets[-1] != len(bytes):
            raise ArtifactDamagedError(
                "A table of keys is inconsistent: its offsets do not end where its bytes do."
            )
        self.bytes = bytes
        self.offsets = offsets
        self._buffer = memoryview(np.ascontiguousarray(bytes))  # type: ignore[arg-type]
        self._ends = memoryview(np.ascontiguousarray(offsets))  # type: ignore[arg-type]
        self._signposts = [self._at(index) for index in range(0, len(self), _STRIDE)]

    @classmethod
    def from_keys(cls, keys: Sequence[str]) -> KeyTable:
        """The table of ``keys``, different and sorted by their UTF-8 bytes (else ValueError)."""
        encoded = [key.encode() for key in keys]
        if any(left >= right for left, right in pairwise(encoded)):
            raise ValueError(
                "Keys must be different and sorted by their UTF-8 bytes; sort them by str.encode first."
            )
        offsets = np.zeros(len(encoded) + 1, dtype=np.int64)
        np.cumsum([len(key) for key in encoded], out=offsets[1:])
        return cls(np.frombuffer(b"".join(encoded), dtype=np.uint8), offsets)

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and self.position(key) >= 0

    def key(self, index: int) -> str:
        """The key at that position."""
        return str(self._at(index), "utf-8")

    def keys(self, index: Iterable[int] | NDArray[Any]) -> list[str]:
        """The keys at these positions."""
        return [self.key(int(position)) for position in index]

    def position(self, key: str) -> int:
        """Where the key stands, -1 when it is not in the table (also for text that UTF-8 cannot hold)."""
        try:
            wanted = key.encode()
        except UnicodeEncodeError:
            return -1
        post = bisect_left(self._signposts, wanted)
        if post < len(self._signposts) and self._signposts[post] == wanted:
            return post * _STRIDE
        first = max(post - 1, 0) * _STRIDE + 1
        found = bisect_left(
            range(len(self)), wanted, first, min(first + _STRIDE - 1, len(self)), key=self._at
        )
        return found if found < len(self) and self._at(found) == wanted else -1

    def index(self, keys: Iterable[str]) -> Int64s:
        """Where each key stands, int64, -1 for an unknown one."""
        if isinstance(keys, str):
            raise TypeError(
                f"Keys are given as a list of str, got the single text {keys!r}; write [{keys!r}]."
            )
        return np.fromiter((self.position(key) for key in keys), dtype=np.int64)

    def _at(self, index: int) -> bytes:
        return self._buffer[self._ends[index] : self._ends[index + 1]].tobytes()
