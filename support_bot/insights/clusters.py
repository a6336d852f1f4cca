"""Texts that mean the same, in groups: deterministic, numpy alone.

Greedy covering: the text with the heaviest neighbourhood becomes the centre of a group of all its neighbours,
then the next among those left (the "star" clusters of Aslam, Pelekhov and Rus, 2004, *The star clustering
algorithm for static and dynamic information organization*). Each member of a group is near its centre, which
stands for the group; nothing is random, and ties are broken by order.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

MAX_FEATURES = 8192  # n-grams kept, the most frequent: 2,000 texts take 64 MB

Vectors = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Group:
    """Positions of the texts of one group; the centre comes first."""

    members: tuple[int, ...]
    weight: float

    @property
    def centre(self) -> int:
        return self.members[0]


def groups(vectors: Vectors, weights: Sequence[float], *, near: float) -> list[Group]:
    """The rows of ``vectors`` (n, d), of unit length, in groups, the heaviest first.

    ``weights`` (n,) say how often each text was asked; rows whose cosine is at least ``near`` are neighbours.
    """
    heavy = np.asarray(weights, dtype=np.float64)
    if len(heavy) != len(vectors):
        raise ValueError(f"{len(vectors)} vectors, but {len(heavy)} weights; give one a vector")
    neighbours = (vectors @ vectors.T) >= near
    np.fill_diagonal(neighbours, True)
    reach = neighbours @ heavy
    free = np.ones(len(heavy), dtype=bool)
    found: list[Group] = []
    while free.any():
        centre = int(np.argmax(np.where(free, reach, -1.0)))
        members = np.flatnonzero(neighbours[centre] & free)
        free[members] = False
        reach = reach - neighbours[:, members] @ heavy[members]
        by_weight = sorted((int(place) for place in members if place != centre), key=lambda at: -heavy[at])
        found.append(Group((centre, *by_weight), float(heavy[members].sum())))
    return sorted(found, key=lambda group: -group.weight)


def character_vectors(texts: Sequence[str], *, shortest: int = 2, longest: int = 4) -> Vectors:
    """TF-IDF of character n-grams within words, rows of unit length: for shops without an encoder."""
    grams = [Counter(_grams(text, shortest, longest)) for text in texts]
    documents = Counter(gram for counted in grams for gram in counted)
    kept = [gram for gram, _count in sorted(documents.items(), key=lambda pair: (-pair[1], pair[0]))]
    place = {gram: number for number, gram in enumerate(kept[:MAX_FEATURES])}
    rarity = {gram: np.log((1 + len(texts)) / (1 + documents[gram])) + 1 for gram in place}
    vectors = np.zeros((len(texts), max(1, len(place))), dtype=np.float32)
    for row, counted in enumerate(grams):
        for gram, count in counted.items():
            if gram in place:
                vectors[row, place[gram]] = (1 + np.log(count)) * rarity[gram]
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit: Any = vectors / np.maximum(length, 1e-12)
    return unit.astype(np.float32)


def _grams(text: str, shortest: int, longest: int) -> list[str]:
    found = []
    for word in text.casefold().split():
        padded = f" {word} "
        for size in range(shortest, longest + 1):
            found += [padded[at : at + size] for at in range(len(padded) - size + 1)]
    return found
