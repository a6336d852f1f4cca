"""Not all of one kind: at most so many a category, and maximal marginal relevance."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ..artifacts.scorers import Factors, ItemItem, Scorer
from .loading import LoadedModel
from .strategies import Candidate

_KNOWS_LIKENESS: Final = ("similar", "personal", "bought_together")


def spread(
    pool: Sequence[Candidate],
    limit: int,
    *,
    mmr: float = 0.0,
    likeness: NDArray[np.float32] | None = None,
    max_per_category: int | None = None,
    category: Callable[[Candidate], Hashable | None] = lambda candidate: candidate.category,
) -> list[Candidate]:
    """At most ``limit`` of ``pool`` (best first), no more than ``max_per_category`` of one category.

    With ``mmr`` > 0 each next place goes to the greatest (1 - mmr) * relevance - mmr * likeness to the most
    alike item chosen before it (Carbonell and Goldstein 1998, with lambda = 1 - mmr); relevance falls
    evenly from 1 to 0 over the pool, because scores of several strategies cannot be compared. ``likeness``
    is (n, n), 0 where unknown. Items without a category are never held back.
    """
    chosen: list[int] = []
    counts: Counter[Hashable] = Counter()
    order = iter(range(len(pool))) if not mmr or likeness is None else _marginal(chosen, mmr, likeness)
    for place in order:
        if len(chosen) >= limit:
            break
        if max_per_category and (kind := category(pool[place])) is not None:
            if counts[kind] >= max_per_category:
                continue
            counts[kind] += 1
        chosen.append(place)
    return [pool[place] for place in chosen]


def _marginal(chosen: list[int], mmr: float, likeness: NDArray[np.float32]) -> Iterator[int]:
    """Places by marginal relevance to those in ``chosen``, which grows meanwhile; each place once."""
    count = len(likeness)
    worth = (1 - mmr) * (np.linspace(1.0, 0.0, count) if count > 1 else np.ones(count))
    nearest = np.zeros(count)
    for _turn in range(count):
        if chosen:
            nearest = np.maximum(nearest, likeness[chosen[-1]])
        place = int(np.argmax(worth - mmr * nearest))
        worth[place] = -np.inf
        yield place


def likeness(pool: Sequence[Candidate], models: Mapping[str, LoadedModel]) -> NDArray[np.float32] | None:
    """How alike the items are, 0 to 1: (n, n) float32, by the vectors or the neighbour lists of a model."""
    for role in _KNOWS_LIKENESS:
        loaded = models.get(role)
        if loaded is None or not isinstance(loaded.model.scorer, Factors | ItemItem):
            continue
        positions = loaded.model.items.index([candidate.key for candidate in pool])
        known = positions >= 0
        table = np.zeros((len(pool), len(pool)), np.float32)
        table[np.ix_(known, known)] = _between(loaded.model.scorer, positions[known])
        return table
    return None


def _between(scorer: Scorer, positions: NDArray[np.int64]) -> NDArray[np.float32]:
    if isinstance(scorer, Factors):
        vectors = scorer.item_factors[positions, : scorer.latent]
        norms = scorer.norms[positions]
        unit = vectors / np.where(norms > 0, norms, 1.0)[:, None]
        return np.clip(unit @ unit.T, 0.0, 1.0)
    rows = scorer.score_items(positions)[:, positions]
    rows = np.where(np.isfinite(rows), rows, 0.0).astype(np.float32)
    rows = np.maximum(rows, rows.T)
    return rows / max(float(rows.max(initial=0.0)), 1e-12)
