"""Rows that repeat an earlier row, found by one sort of hashes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recommendations.interactions.matrix import run_starts

_MULTIPLIER = np.uint64(0x9E37_79B9_7F4A_7C15)


def repeated(columns: Sequence[NDArray[Any]]) -> NDArray[np.bool_]:
    """Which rows equal an earlier row in every column (numbers; NaN equals NaN).

    Sorting by all columns takes a pass per column; here only rows whose 64-bit hashes meet are sorted so.
    """
    hashed = np.zeros(len(columns[0]), np.uint64)
    for column in columns:
        hashed ^= _comparable(column).view(np.uint64)
        hashed *= _MULTIPLIER
        hashed ^= hashed >> np.uint64(29)
    by = np.argsort(hashed)
    met = np.zeros(len(by), np.bool_)
    met[1:] = hashed[by][1:] == hashed[by][:-1]
    met[:-1] |= met[1:]
    rows = np.sort(by[met])
    numbers = [_comparable(column[rows]) for column in columns]
    order = np.lexsort(numbers)
    rows = rows[order]
    again = np.zeros(len(by), np.bool_)
    again[rows] = True
    again[rows[run_starts(*(column[order] for column in numbers))]] = False
    return again


def _comparable(column: NDArray[Any]) -> NDArray[np.float64]:
    """float64 in which equal values have equal bits; of one column at a time: rows may be millions."""
    return np.nan_to_num(column.astype(np.float64), nan=-np.inf) + 0.0
