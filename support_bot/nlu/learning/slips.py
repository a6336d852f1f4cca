"""Typing errors, made on purpose."""

from __future__ import annotations

import numpy as np

_SHARE = 0.25  # of the words, at least one


def slip(text: str, rng: np.random.Generator) -> str:
    """``text`` with a quarter of its longer words mistyped: two letters swapped, one left out, doubled or
    replaced by another of the text."""
    words = text.split()
    longer = [place for place, word in enumerate(words) if len(word) >= 4]
    if not longer:
        return text
    for place in rng.permutation(longer)[: max(1, round(_SHARE * len(longer)))].tolist():
        words[place] = _mistyped(words[place], text, rng)
    return " ".join(words)


def _mistyped(word: str, text: str, rng: np.random.Generator) -> str:
    at = int(rng.integers(1, len(word) - 1))
    kind = int(rng.integers(4))
    if kind == 0:
        return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    if kind == 1:
        return word[:at] + word[at + 1 :]
    if kind == 2:
        return word[:at] + word[at] + word[at:]
    return word[:at] + text[int(rng.integers(len(text)))] + word[at + 1 :]
