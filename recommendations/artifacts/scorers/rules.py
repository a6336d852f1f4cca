"""Rules: who has all of these takes that."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from .base import Array, Float32s, Int64s, Items, Scorer

Int32s = NDArray[np.int32]


class Rules(Scorer):
    """The score of an item is the value of the strongest rule for it whose antecedents the history holds.

    Rule r says: whoever has ``antecedents[indptr[r]:indptr[r + 1]]`` (int32, distinct) takes
    ``consequents[r]`` (int32, none of them), worth ``values[r]`` (float32, > 0). Rules are in ascending order
    of value. ``similar`` goes by the rules of one antecedent.
    """

    name = "rules"
    weight = "binary"

    def __init__(self, indptr: Int64s, antecedents: Int32s, consequents: Int32s, values: Float32s, n: int):
        self.indptr = indptr
        self.antecedents = antecedents
        self.consequents = consequents
        self.values = values
        self.sizes = np.diff(indptr)
        self._n_items = n
        # By item: the rules that ask for it.
        self._rules = np.repeat(np.arange(len(values)), self.sizes)[np.argsort(antecedents, kind="stable")]
        self._starts = np.concatenate(([0], np.cumsum(np.bincount(antecedents, minlength=n))))

    @property
    def n_items(self) -> int:
        return self._n_items

    def tensors(self) -> dict[str, Array]:
        return {
            "rules.indptr": self.indptr,
            "rules.antecedents": self.antecedents,
            "rules.consequents": self.consequents,
            "rules.values": self.values,
        }

    def meta(self) -> dict[str, Any]:
        return {"n_items": self.n_items}

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, Array], meta: Mapping[str, Any]) -> Self:
        names = ("rules.indptr", "rules.antecedents", "rules.consequents", "rules.values")
        indptr, antecedents, consequents, values = (tensors[name] for name in names)
        return cls(indptr, antecedents, consequents, values, meta["n_items"])

    def score_history(self, items: Items, weights: Float32s) -> Float32s:
        return self._best(self._fired(items))

    def score_items(self, items: Int64s) -> Float32s:
        scores = np.empty((len(items), self.n_items), dtype=np.float32)
        for row, item in zip(scores, items.tolist(), strict=True):
            asking = self._asking(item)
            row[:] = self._best(np.sort(asking[self.sizes[asking] == 1]))
        return scores

    def contributions(self, items: Items, weights: Float32s, target: int) -> NDArray[np.float64]:
        shares = np.zeros(len(items))
        rule = self.strongest(items, target)
        if rule is not None:
            of_rule = np.isin(items, self.antecedents[self.indptr[rule] : self.indptr[rule + 1]])
            shares[of_rule] = self.values[rule] / self.sizes[rule]
        return shares

    def strongest(self, items: Items, target: int) -> int | None:
        """The rule that gives ``target`` its score with this history; None where none does."""
        fired = self._fired(items)
        fired = fired[self.consequents[fired] == target]
        return int(fired[-1]) if len(fired) else None

    def _asking(self, item: int) -> Int64s:
        found: Int64s = self._rules[self._starts[item] : self._starts[item + 1]]
        return found

    def _fired(self, items: Items) -> Int64s:
        """The rules whose antecedents are all among these distinct items, the weakest first."""
        asking = [self._asking(item) for item in items.tolist()]
        met = np.bincount(np.concatenate([np.zeros(0, np.int64), *asking]), minlength=len(self.values))
        return np.flatnonzero((met == self.sizes) & (met > 0))

    def _best(self, rules: Int64s) -> Float32s:
        scores = np.full(self.n_items, -np.inf, dtype=np.float32)
        scores[self.consequents[rules]] = self.values[rules]  # of several for an item the last one stays
        return scores
