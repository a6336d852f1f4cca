"""Which questions are kept back: by fold, to judge answers; by label, to judge what nothing answers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Int64s = NDArray[np.int64]


def stratified(targets: Int64s, folds: int, rng: np.random.Generator) -> Int64s:
    """A fold (0 to ``folds`` - 1) for each row, every label spread over them as evenly as it can be."""
    found = np.empty(len(targets), dtype=np.int64)
    shift = 0
    for label in np.unique(targets):
        rows = rng.permutation(np.flatnonzero(targets == label))
        found[rows] = (np.arange(len(rows)) + shift) % folds
        shift += len(rows)
    return found


def grouped(targets: Int64s, groups: int, rng: np.random.Generator) -> Int64s:
    """A group for each row, all rows of a label in the same one, groups of about equally many labels."""
    labels = rng.permutation(np.unique(targets))
    of_label = {int(label): place % groups for place, label in enumerate(labels)}
    return np.array([of_label[int(target)] for target in targets], dtype=np.int64)
