"""Association rules from frequent item sets (Agrawal and Srikant 1994; FP-growth: Han, Pei and Yin 2000)."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from mlxtend.frequent_patterns import fpgrowth
from numpy.typing import NDArray
from scipy import sparse

from recommendations.artifacts.scorers import Rules
from recommendations.interactions import Interactions

from .base import Algorithm, Fit, Learned, NotEnoughDataError
from .baskets import order_codes

_CELLS = 8_000_000
_DAY = 86_400.0
_SETS_AT_ONCE = 2000
_MOST_PAIRS = 1_000_000
"""Frequent pairs of items, beyond which the sets of three and more would not fit in memory."""

Floats = NDArray[np.float64]
ItemSet = tuple[int, ...]


class AssociationRules(Algorithm):
    """Rules A -> i, A of 1 to ``max_antecedents`` items, from sets that ``min_support`` orders hold.

    With P the share of orders that hold a set: confidence is P(A, i) / P(A), lift P(A, i) / (P(A) P(i)),
    leverage P(A, i) - P(A) P(i) and conviction (1 - P(i)) / (1 - confidence) (Brin et al. 1997). A rule needs
    ``min_confidence`` and a lift above 1; its value is the ``metric``. No value is infinite: the conviction
    of a rule without exception is that of one with half an exception. With ``half_life`` orders count by age
    in P; ``min_support`` counts them whole.
    """

    def learn(self, data: Interactions, fit: Fit) -> Learned:
        baskets, age = self._baskets(data)
        fit.report("fit", 0, 3)
        sets = self._frequent(baskets)
        fit.report("fit", 1, 3)
        half_life = self.parameters["half_life"]
        weights = np.ones(len(age)) if half_life is None else np.exp2(-age / _DAY / half_life)
        support = dict(zip(sets, _weighed(baskets, sets, weights), strict=True))
        fit.report("fit", 2, 3)
        rules = [(rest, item) for found in sets for rest, item in _splits(found)]
        whole, left, right = (
            np.array([support[key] for key in keys]) / max(weights.sum(), 1e-300)
            for keys in (
                [tuple(sorted((*rest, item))) for rest, item in rules],
                [rest for rest, _item in rules],
                [(item,) for _rest, item in rules],
            )
        )
        values = measures(whole, left, right, half=0.5 / max(len(age), 1))
        kept = (values["confidence"] >= self.parameters["min_confidence"]) & (values["lift"] > 1)
        scorer = _scorer(
            [rules[place] for place in np.flatnonzero(kept)],
            values[self.parameters["metric"]][kept],
            data.n_items,
        )
        return Learned(scorer, data.matrix("binary"))

    def _baskets(self, data: Interactions) -> tuple[Any, Floats]:
        """Orders x items (bool CSR) without those that are too large, and their ages in seconds."""
        order = order_codes(data, self.name)
        shape = (int(order.max()) + 1, data.n_items)
        baskets = sparse.csr_matrix((np.ones(len(order), np.int32), (order, data.item)), shape=shape)
        baskets = baskets.astype(bool)
        latest = np.zeros(shape[0])
        if data.time is not None:
            np.maximum.at(latest, order, data.time)
        small = np.diff(baskets.indptr) <= self.parameters["max_order_items"]
        return baskets[small], latest.max() - latest[small]

    def _frequent(self, baskets: Any) -> list[ItemSet]:
        """Item sets, each ascending, that enough orders hold; those of one item are among them."""
        least = self.parameters["min_support"]
        counts = np.bincount(baskets.indices, minlength=baskets.shape[1])
        often = np.flatnonzero(counts >= least)
        if not len(often):
            return []
        baskets = baskets[:, often]
        self._refuse_too_many(baskets, least)
        frame = pd.DataFrame.sparse.from_spmatrix(baskets)
        share = (least - 0.5) / baskets.shape[0]  # between two whole numbers of orders, whatever is rounded
        found = fpgrowth(
            frame, min_support=share, use_colnames=True, max_len=1 + self.parameters["max_antecedents"]
        )
        return [tuple(sorted(often[list(one)].tolist())) for one in found["itemsets"]]

    def _refuse_too_many(self, baskets: Any, least: int) -> None:
        columns = baskets.tocsc().astype(np.int32)
        step = max(1, _CELLS // max(columns.shape[1], 1))
        pairs = 0
        for start in range(0, columns.shape[1], step):
            met = (columns[:, start : start + step].T @ columns).data
            pairs += int(np.count_nonzero(met >= least))
        pairs = (pairs - columns.shape[1]) // 2  # both ways, and each item with itself
        if pairs > _MOST_PAIRS:
            raise NotEnoughDataError(
                f"{self.name} found {pairs} pairs of items in {least} orders or more, "
                f"allowed are {_MOST_PAIRS}. Raise min_support."
            )


def measures(whole: Floats, left: Floats, right: Floats, *, half: float) -> dict[str, Floats]:
    """Confidence, lift, leverage and conviction of rules; these shares of orders hold both sides, and each.

    ``half`` is the share of orders that stands in for no exception at all in the conviction.
    """
    confidence = whole / np.maximum(left, 1e-300)
    against = np.maximum(left - whole, half) / np.maximum(left, 1e-300)
    return {
        "confidence": confidence,
        "lift": confidence / np.maximum(right, 1e-300),
        "leverage": whole - left * right,
        "conviction": (1 - right) / against,
    }


def _splits(found: ItemSet) -> list[tuple[ItemSet, int]]:
    """All rules of a set that have one consequent."""
    if len(found) < 2:
        return []
    return list(zip(combinations(found, len(found) - 1), reversed(found), strict=True))


def _weighed(baskets: Any, sets: list[ItemSet], weights: Floats) -> Floats:
    """The weights, summed, of the orders that hold each set."""
    held = np.zeros(len(sets))
    columns = baskets.tocsc()
    for size in sorted({len(found) for found in sets}):
        places = np.array([place for place, found in enumerate(sets) if len(found) == size])
        for start in range(0, len(places), _SETS_AT_ONCE):
            part = places[start : start + _SETS_AT_ONCE]
            items = np.array([sets[place] for place in part])
            both = columns[:, items[:, 0]]
            for side in items.T[1:]:
                both = both.multiply(columns[:, side])
            held[part] = weights @ both
    return held


def _scorer(rules: list[tuple[ItemSet, int]], values: Floats, n_items: int) -> Rules:
    """Rules by value, equal ones by antecedents and consequent."""
    order = sorted(range(len(rules)), key=lambda place: (values[place], rules[place]))
    sizes = [len(rules[place][0]) for place in order]
    return Rules(
        np.concatenate(([0], np.cumsum(sizes))).astype(np.int64),
        np.array([item for place in order for item in rules[place][0]], dtype=np.int32),
        np.array([rules[place][1] for place in order], dtype=np.int32),
        values[order].astype(np.float32),
        n_items,
    )
