"""Baskets: what "bought together" is judged on.

From each test order one item is hidden, and the others must find it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ..artifacts import Model
from ..interactions import Interactions, Vocabulary

LIMIT: Final = 2_000  # orders drawn from a long test part: enough for an interval of a per cent or two


@dataclass(frozen=True, slots=True)
class Baskets:
    """Orders as "users": ``known`` holds the items shown, ``hidden`` one item each."""

    known: Interactions
    hidden: Interactions

    @classmethod
    def draw(cls, test: Interactions, *, seed: int) -> Baskets | None:
        """Up to 2,000 orders of two or more items; None where there are none or orders are unknown."""
        if test.order is None or not len(test):
            return None
        pairs = np.unique(np.stack([test.order, test.item.astype(np.int64)]), axis=1)
        _orders, starts, counts = np.unique(pairs[0], return_index=True, return_counts=True)
        large = np.flatnonzero(counts >= 2)
        if not len(large):
            return None
        random = np.random.default_rng(seed)
        chosen = np.sort(random.permutation(large)[:LIMIT])
        hidden_at = starts[chosen] + random.integers(0, counts[chosen])
        lengths = counts[chosen]
        basket = np.repeat(np.arange(len(chosen)), lengths)
        place = np.repeat(starts[chosen] - np.cumsum(lengths) + lengths, lengths) + np.arange(lengths.sum())
        shown = place != np.repeat(hidden_at, lengths)
        names = Vocabulary(f"{number:09d}" for number in range(len(chosen)))

        def rows(who: NDArray[Any], at: NDArray[Any]) -> Interactions:
            return Interactions.from_codes(names, test.items, who, pairs[1][at])

        return cls(rows(basket[shown], place[shown]), rows(np.arange(len(chosen)), hidden_at))

    def asked(self, model: Model) -> Answers:
        """The model as evaluation sees it: one "user" a basket."""
        return Answers(model, self.known)


class Answers:
    """Scores of a model for baskets: each is folded in, as the visitor's basket is when serving."""

    def __init__(self, model: Model, known: Interactions) -> None:
        self.items = model.items
        self.users = known.users
        self._scorer = model.scorer
        matrix = known.matrix("binary")
        self._starts = matrix.indptr
        # The model may know fewer items than the vocabulary: its own positions, -1 where unknown.
        self._items = model.items.index(known.items.keys)[matrix.indices]

    def score_users(self, users: NDArray[np.int64]) -> NDArray[np.float32]:
        """Scores float32 (m, n_items) of the baskets at these positions."""
        scores = np.empty((len(users), len(self.items)), np.float32)
        for row, user in enumerate(users.tolist()):
            items = self._items[self._starts[user] : self._starts[user + 1]]
            items = np.sort(items[items >= 0])
            if not len(items) and self._scorer.needs_history:
                scores[row] = -np.inf
                continue
            weights = np.ones(len(items), np.float64)
            scores[row] = self._scorer.score_history(*self._scorer.weigh(items, weights))
        return scores
