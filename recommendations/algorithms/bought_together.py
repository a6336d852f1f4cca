"""Items that share an order more often than chance explains."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.special import erfc, xlogy

from recommendations.artifacts.scorers import ItemItem
from recommendations.interactions import Interactions

from .base import Algorithm, Fit, Learned
from .baskets import order_codes

_CELLS = 8_000_000

Floats = NDArray[np.float64]


class BoughtTogether(Algorithm):
    """Pairs of items with enough support and lift whose G-test survives Benjamini and Hochberg's procedure.

    Over n orders, of which a hold item i, b hold j and ab both: support is ab, lift is ab n / (a b), and
    G = 2 sum O log(O / E) over the four cells of their table (Dunning 1993), chi-squared with one degree of
    freedom. All pairs of items that could reach ``min_support`` count as tested, so that a staple that is in
    most orders does not go with everything by chance. Kept pairs are ranked by confidence times log lift.
    """

    def learn(self, data: Interactions, fit: Fit) -> Learned:
        baskets = self._baskets(data)
        first, second, together = self._pairs(baskets, fit)
        counts = np.asarray(baskets.sum(axis=0)).ravel().astype(np.float64)
        n_orders = float(baskets.shape[0])
        a, b = counts[first], counts[second]
        lift = together * n_orders / np.maximum(a * b, 1)
        p = np.where(lift > 1, g_test(together, a, b, n_orders), 1.0)
        possible = int(np.count_nonzero(counts >= self.parameters["min_support"]))
        kept = benjamini_hochberg(
            p, self.parameters["false_discovery_rate"], tests=possible * (possible - 1) // 2
        )
        kept &= lift >= self.parameters["min_lift"]
        first, second, together, lift = first[kept], second[kept], together[kept], np.log(lift[kept])
        rows = np.concatenate((first, second))
        columns = np.concatenate((second, first))
        values = np.concatenate((together, together)) / counts[rows] * np.concatenate((lift, lift))
        related = _strongest(rows, columns, values, data.n_items, self.parameters["neighbours"])
        return Learned(ItemItem(*related, weight="binary"), data.matrix("binary"))

    def _baskets(self, data: Interactions) -> Any:
        """Orders x items, 1 where the order holds the item; orders that are too large are left out."""
        order = order_codes(data, self.name)
        shape = (int(order.max()) + 1, data.n_items)
        baskets = sparse.csr_matrix((np.ones(len(data), np.float32), (order, data.item)), shape=shape)
        baskets.sum_duplicates()
        baskets.data[:] = 1
        return baskets[np.diff(baskets.indptr) <= self.parameters["max_order_items"]]

    def _pairs(self, baskets: Any, fit: Fit) -> tuple[NDArray[np.int64], NDArray[np.int64], Floats]:
        """Every pair i < j with enough support, and its support."""
        columns = baskets.tocsc()
        n_items = baskets.shape[1]
        step = max(1, _CELLS // max(n_items, 1))
        found = []
        for start in range(0, n_items, step):
            fit.report("fit", start, n_items)
            block = (columns[:, start : start + step].T @ baskets).tocoo()
            good = (block.data >= self.parameters["min_support"]) & (block.col > block.row + start)
            found.append((block.row[good] + start, block.col[good], block.data[good]))
        first, second, together = (np.concatenate(parts) for parts in zip(*found, strict=True))
        return first.astype(np.int64), second.astype(np.int64), together.astype(np.float64)


def g_test(together: Floats, a: Floats, b: Floats, n: float) -> Floats:
    """p of the G-test of independence for n trials with margins ``a`` and ``b``, one degree of freedom."""
    observed = np.stack((together, a - together, b - together, n - a - b + together))
    expected = np.stack((a * b, a * (n - b), (n - a) * b, (n - a) * (n - b))) / n
    g = 2 * (xlogy(observed, observed) - xlogy(observed, np.maximum(expected, 1e-300))).sum(axis=0)
    p: Floats = erfc(np.sqrt(np.maximum(g, 0) / 2))
    return p


def benjamini_hochberg(p: Floats, q: float, *, tests: int) -> NDArray[np.bool_]:
    """Which of these hypotheses are rejected at false discovery rate ``q``, among ``tests`` that were made.

    Benjamini and Hochberg (1995): the largest k with p_(k) <= q k / tests; tests beyond ``p`` count as p = 1.
    """
    ordered = np.sort(p)
    passed = np.flatnonzero(ordered <= q * np.arange(1, len(p) + 1) / max(tests, len(p), 1))
    return p <= (ordered[passed[-1]] if len(passed) else -1.0)


def _strongest(
    rows: NDArray[np.int64], columns: NDArray[np.int64], values: Floats, n_items: int, n: int
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.float32]]:
    """The ``n`` highest values of each row as CSR arrays, columns ascending; equal values by column."""
    order = np.lexsort((columns, -values, rows))
    starts = np.searchsorted(rows[order], np.arange(n_items))
    rank = np.arange(len(order)) - starts[rows[order]]
    order = order[rank < n]
    order = order[np.lexsort((columns[order], rows[order]))]
    indptr = np.searchsorted(rows[order], np.arange(n_items + 1)).astype(np.int64)
    return indptr, columns[order].astype(np.int32), values[order].astype(np.float32)
