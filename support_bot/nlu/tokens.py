"""A text as terms: words, and the runs of letters that survive a typing error."""

from __future__ import annotations

import re
from collections.abc import Iterator
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from .normalize import normalize

_CJK = "\u2e80-\u2fdf\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003134f"
_PIECE = re.compile(rf"[{_CJK}]+|[^\W_{_CJK}]+(?:'[^\W_{_CJK}]+)*")
_IS_CJK = re.compile(rf"[{_CJK}]")
_SHORTEST, _LONGEST = 2, 4


def words(text: str) -> list[str]:
    """The words of ``text``, in one case; writing without spaces as overlapping pairs of characters."""
    found: list[str] = []
    for piece in _PIECE.findall(normalize(text)):
        if _IS_CJK.match(piece):
            found += [piece[i : i + 2] for i in range(len(piece) - 1)] or [piece]
        else:
            found.append(piece)
    return found


def grams(text: str) -> Iterator[str]:
    """Runs of 2 to 4 characters inside words, a space marking where a word starts and ends; 1 to 3 in CJK."""
    for piece in _PIECE.findall(normalize(text)):
        cjk = _IS_CJK.match(piece) is not None
        padded, shorter = (piece, 1) if cjk else (f" {piece} ", 0)
        for size in range(_SHORTEST - shorter, _LONGEST + 1 - shorter):
            for start in range(len(padded) - size + 1):
                yield padded[start : start + size]


def hashed(terms: Iterator[str] | list[str]) -> NDArray[np.int64]:
    """Each term as a number below 2**32 (CRC-32 of its UTF-8): the same in every process, no vocabulary."""
    return np.fromiter((crc32(term.encode()) for term in terms), dtype=np.int64)
