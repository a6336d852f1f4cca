"""What each user has already bought or rated, as a compressed sparse row matrix."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Int64s = NDArray[np.int64]
Float32s = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class History:
    """Users x items. Row u holds ``indices[indptr[u]:indptr[u + 1]]`` (int32, ascending) and as many
    ``weights``.

    ``indptr`` is int64 (users + 1); ``weights`` (float32) are those that the algorithm was fitted on.
    """

    indptr: Int64s
    indices: NDArray[np.int32]
    weights: Float32s

    def row(self, user: int) -> tuple[NDArray[np.int32], Float32s]:
        """Item positions and weights of the user at that position."""
        span = slice(int(self.indptr[user]), int(self.indptr[user + 1]))
        return self.indices[span], self.weights[span]

    def lengths(self, users: Int64s) -> Int64s:
        """How many items each of these users has."""
        return self.indptr[users + 1] - self.indptr[users]
