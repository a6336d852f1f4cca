"""People with a like history: what they took, by how alike they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from .base import Array, Float32s, Int64s, Items, Scorer

_TWIN = 1 - 1e-5
"""From this likeness on somebody is the person themself, or tells nothing that the person has not."""

Floats = NDArray[np.float64]
Table = tuple[Int64s, NDArray[np.int32], Float32s]
"""A sparse matrix by rows: indptr (int64), indices (int32, ascending within a row) and values."""


@dataclass(frozen=True, slots=True)
class Neighbourhood:
    """``people``: at most how many neighbours speak; ``own``: the share, 0 to 1, of the person's own history.

    ``shrinkage`` damps the likeness of short histories.
    """

    people: int
    own: float = 0.0
    shrinkage: float = 0.0


class UserUser(Scorer):
    """A history u (unit length, as all rows) scores ``own u + (1 - own) sum_v s_v v / sum_v s_v``.

    The sums run over the ``people`` users of the highest likeness s_v = u'v n / (n + shrinkage), n being the
    product of their lengths before they were made one; see ``Neighbourhood``. ``rows`` holds users x items,
    ``columns`` the same by item (perhaps fewer of an item that very many have), ``lengths`` float32
    (n_users,). Nobody is their own neighbour, known or folded in, nor is whose history points the same way.
    """

    name = "user_user"

    def __init__(
        self, rows: Table, columns: Table, lengths: Float32s, *, hood: Neighbourhood, weight: str = "count"
    ) -> None:
        self.rows = rows
        self.columns = columns
        self.lengths = lengths
        self.hood = hood
        self.weight = weight

    @property
    def n_items(self) -> int:
        return len(self.columns[0]) - 1

    def tensors(self) -> dict[str, Array]:
        tables: tuple[Array, ...] = (*self.rows, *self.columns)
        return dict(zip(_PARTS, tables, strict=True)) | {"lengths": self.lengths}

    def meta(self) -> dict[str, Any]:
        hood = self.hood
        return {
            "people": hood.people,
            "own": hood.own,
            "shrinkage": hood.shrinkage,
            "weight": self.weight,
        }

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, Array], meta: Mapping[str, Any]) -> Self:
        a, b, c, d, e, f = (tensors[name] for name in _PARTS)
        hood = Neighbourhood(meta["people"], meta["own"], meta["shrinkage"])
        return cls((a, b, c), (d, e, f), tensors["lengths"], hood=hood, weight=meta["weight"])

    def score_history(self, items: Items, weights: Float32s) -> Float32s:
        unit = _unit(weights)
        people, shares = self.neighbours(items, weights)
        taken, values, counts = _picked(self.rows, people)
        values *= np.repeat(shares.astype(np.float32) * np.float32(1 - self.hood.own), counts)
        scores = np.bincount(taken, weights=values, minlength=self.n_items).astype(np.float32)
        scores[items] += np.float32(self.hood.own) * unit
        scores[scores <= 0] = -np.inf
        return scores

    def neighbours(self, items: Items, weights: Float32s) -> tuple[Int64s, Floats]:
        """Who speaks for this history: positions of users, ascending, and their shares, which sum to 1."""
        unit, length = _unit(weights), float(np.linalg.norm(weights))
        people, values, counts = _picked(self.columns, items)
        values *= np.repeat(unit, counts)
        likeness = np.bincount(people, weights=values, minlength=len(self.lengths)).astype(np.float64)
        likeness[likeness >= _TWIN] = 0
        if self.hood.shrinkage:
            likeness *= self._damping(length)
        found = np.flatnonzero(likeness > 0)
        if len(found) > self.hood.people:
            border = len(found) - self.hood.people
            found = np.sort(found[np.argpartition(likeness[found], border)[border:]])
        return found, likeness[found] / max(likeness[found].sum(), 1e-300)

    def contributions(self, items: Items, weights: Float32s, target: int) -> Floats:
        """Each neighbour's share goes to the items that make up the likeness, each by its part of u'v."""
        unit = _unit(weights).astype(np.float64)
        people, shares = self.neighbours(items, weights)
        taken, values, counts = _picked(self.rows, people)
        of_target = taken == target
        heard = np.zeros(len(self.lengths))
        heard[np.repeat(people, counts)[of_target]] = values[of_target]
        buyers, parts, counts = _picked(self.columns, items)
        owner = np.repeat(np.arange(len(items)), counts)
        products = parts * unit[owner]
        likeness = np.bincount(buyers, weights=products, minlength=len(self.lengths))
        each = np.zeros(len(self.lengths))
        each[people] = (1 - self.hood.own) * shares * heard[people] / likeness[people]
        found = np.bincount(owner, weights=each[buyers] * products, minlength=len(items)).astype(np.float64)
        return found + np.where(items == target, self.hood.own * unit, 0.0)

    def _damping(self, length: float) -> Floats:
        product = self.lengths.astype(np.float64) * length
        return product / (product + self.hood.shrinkage)


_PARTS = tuple(f"{side}.{part}" for side in ("rows", "columns") for part in ("indptr", "indices", "values"))


def _unit(weights: Float32s) -> Float32s:
    return weights / np.float32(max(float(np.linalg.norm(weights)), 1e-30))


def _picked(table: Table, rows: Items | Int64s) -> tuple[NDArray[np.int32], Float32s, Int64s]:
    """Indices and values (a copy) of these rows, one after the other, and how many each has."""
    indptr, indices, values = table
    spans = [slice(a, b) for a, b in zip(indptr[rows].tolist(), indptr[rows + 1].tolist(), strict=True)]
    counts = np.array([span.stop - span.start for span in spans], dtype=np.int64)
    if not len(spans):
        return indices[:0], values[:0].copy(), counts
    return (
        np.concatenate([indices[span] for span in spans]),
        np.concatenate([values[span] for span in spans]),
        counts,
    )
