"""What people with a like history took (Resnick et al. 1994, for purchases: Sarwar et al. 2000)."""

from __future__ import annotations

from typing import Any

import numpy as np

from recommendations.artifacts.scorers import Neighbourhood, UserUser
from recommendations.artifacts.scorers.user_user import Table
from recommendations.interactions import Interactions

from .base import Algorithm, Fit, Learned

_MOST_BUYERS = 10_000
"""Customers by whom an item is a way to neighbours: one that more have says little, and would cost a lot."""


class UserKNN(Algorithm):
    """score(u, i) = sum over the k customers v most like u of s(u, v) x_v,i / sum of s(u, v).

    x_u holds u's weights by item, scaled to unit length, and s(u, v) = x_u'x_v n / (n + shrinkage), where n
    is the product of the lengths before: short histories are alike by chance. Items of more than 10,000
    customers find as neighbours only the 10,000 for whom they weigh most.
    """

    def learn(self, data: Interactions, fit: Fit) -> Learned:
        matrix = self.histories(data)
        lengths = np.sqrt(matrix.multiply(matrix).sum(axis=1)).A1.astype(np.float32)
        unit = matrix.copy()
        unit.data /= np.repeat(np.maximum(lengths, np.float32(1e-30)), np.diff(matrix.indptr))
        hood = Neighbourhood(
            self.parameters["neighbours"],
            self.parameters.get("alpha", 0.0),
            self.parameters.get("shrinkage", 0.0),
        )
        scorer = UserUser(
            _table(unit), _buyers(unit, fit), lengths, hood=hood, weight=self.parameters["weight"]
        )
        return Learned(scorer, matrix)

    def histories(self, data: Interactions) -> Any:
        """Users x items, the vectors that are compared before they are scaled."""
        return self.matrix(data)


def _table(matrix: Any) -> Table:
    return matrix.indptr.astype(np.int64), matrix.indices.astype(np.int32), matrix.data.astype(np.float32)


def _buyers(unit: Any, fit: Fit) -> Table:
    """The rows by item, at most ``_MOST_BUYERS`` of each, those of the highest values (ties by place)."""
    columns = unit.tocsc()
    keep = np.ones(columns.nnz, dtype=bool)
    crowded = np.flatnonzero(np.diff(columns.indptr) > _MOST_BUYERS)
    for done, item in enumerate(crowded.tolist()):
        fit.report("fit", done, len(crowded))
        span = slice(columns.indptr[item], columns.indptr[item + 1])
        keep[span] = False
        keep[span.start + np.argsort(-columns.data[span], kind="stable")[:_MOST_BUYERS]] = True
    starts = np.concatenate(([0], np.cumsum(keep)))[columns.indptr]
    return starts.astype(np.int64), columns.indices[keep].astype(np.int32), columns.data[keep]
