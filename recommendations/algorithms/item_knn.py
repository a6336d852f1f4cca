"""Items bought by the same customers (Sarwar, Karypis, Konstan and Riedl 2001)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from recommendations.artifacts.scorers import ItemItem
from recommendations.interactions import Interactions

from .base import Algorithm, Fit, Learned
from .related import best_related

_DAY = 86_400.0
_K1, _B = 1.2, 0.75  # BM25's usual constants (Robertson and Zaragoza 2009)


class ItemKNN(Algorithm):
    """sim(i, j) = (y_i' y_j / (|y_i| |y_j| + shrinkage))^amplification; y_i holds i's customers, weighted.

    ``similarity`` says how: ``cosine`` by x_i, the users x items matrix X of ``weight`` and ``half_life``;
    ``tfidf`` by sqrt(x_ui) idf_u with idf_u = log(n_items / (1 + items of u)), so that customers who buy
    everything say little; ``bm25`` by x_ui (k + 1) / (x_ui + k (1 - b + b |x_i|_1 / mean)) idf_u with k = 1.2
    and b = .75, whose product is not divided by lengths, and so not shrunk. An amplification above 1 (Breese,
    Heckerman and Kadie 1998) lets a few close neighbours outweigh many. No item is its own neighbour.

    With ``half_life_orders`` a history's purchases count half for each so many orders that the same customer
    has made since, whatever the dates: what people want next is near what they took last.
    """

    def learn(self, data: Interactions, fit: Fit) -> Learned:
        matrix = self.matrix(data)
        rows = _weighted(matrix, self.parameters["similarity"]).T.tocsr()
        others = rows.T.tocsr()
        lengths = np.sqrt(np.asarray(rows.multiply(rows).sum(axis=1)).ravel()).astype(np.float32)
        divided = self.parameters["similarity"] != "bm25"
        shrinkage = np.float32(self.parameters["shrinkage"])
        power = np.float32(self.parameters["amplification"])

        def block(items: slice) -> Any:
            products = rows[items] @ others
            if divided:
                own = np.repeat(lengths[items], np.diff(products.indptr)) * lengths[products.indices]
                products.data /= np.maximum(own + shrinkage, np.float32(1e-12))
            if power != 1:
                products.data **= power
            itself = np.repeat(np.arange(items.start, items.stop), np.diff(products.indptr))
            products.data[products.indices == itself] = 0
            return products

        related = best_related(
            block,
            data.n_items,
            self.parameters["neighbours"],
            lambda done, total: fit.report("fit", done, total),
        )
        history = self._history(data, matrix)
        return Learned(ItemItem(*related, weight=self.parameters["weight"]), history)

    def _history(self, data: Interactions, matrix: Any) -> Any:
        """What a user's scores are made of: X, decayed by ``half_life_orders`` as well."""
        steps, half_life = self.parameters["half_life_orders"], self.parameters["half_life"]
        if steps is None or data.time is None or not len(data):
            return matrix
        age = orders_since(data.user, data.time) / steps
        if half_life is not None:
            age += (data.time.max() - data.time) / _DAY / half_life
        halvings = replace(data, time=-_DAY * age)
        return halvings.matrix(self.parameters["weight"], half_life=1.0, now=0.0)


def orders_since(user: NDArray[np.int32], time: NDArray[np.float64]) -> NDArray[np.float64]:
    """How many later moments each row's user has rows of: 0 for their last."""
    by = np.lexsort((time, user))
    who, when = user[by], time[by]
    changed = np.ones(len(by), np.bool_)
    changed[1:] = (who[1:] != who[:-1]) | (when[1:] != when[:-1])
    moment = np.cumsum(changed)
    last = moment[np.searchsorted(who, who, side="right") - 1]
    since = np.empty(len(by))
    since[by] = last - moment
    return since


def _weighted(matrix: Any, similarity: str) -> Any:
    """The users x items matrix by TF-IDF or BM25: an item is a document, its customers are the words."""
    if similarity == "cosine":
        return matrix
    taken = np.diff(matrix.indptr)
    idf = np.maximum(np.log(matrix.shape[1] / (1.0 + taken)), 0)
    if similarity == "tfidf":
        values = np.sqrt(matrix.data)
    else:
        size = np.asarray(matrix.sum(axis=0)).ravel()
        norm = 1 - _B + _B * size / size.mean()
        values = matrix.data * (_K1 + 1) / (matrix.data + _K1 * norm[matrix.indices])
    values = (values * np.repeat(idf, taken)).astype(np.float32)
    return sparse.csr_matrix((values, matrix.indices, matrix.indptr), shape=matrix.shape)
