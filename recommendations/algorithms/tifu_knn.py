"""The next basket from one's own rhythm and that of people alike (Hu, He, Gao and Zhang 2020, TIFU-KNN)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from recommendations.interactions import Interactions
from recommendations.interactions.matrix import Weight, csr, run_starts

from .baskets import order_codes
from .user_knn import UserKNN

_DAY = 86_400.0


class TifuKNN(UserKNN):
    """score(u) = alpha u + (1 - alpha) sum over the k nearest v of s(u, v) v / sum of s(u, v).

    A customer's orders, oldest first, are cut into m groups of about equal size (the later ones one larger
    where they cannot be equal). Within a group of t orders the j-th counts basket_decay^(t - j) and the
    group's vector is their mean (the paper's eq. 1); of the m groups the g-th counts group_decay^(m - g) and
    the customer's vector is the mean of those (eq. 2). Times the number of orders, which changes no answer,
    so that the newest order counts about 1 as elsewhere, ``half_life`` decays orders by their age as well,
    and ``weight`` is taken of the sum.

    Other than in the paper vectors have unit length, s is their cosine rather than equal for all k, and the
    neighbours are the nearest by it rather than by Euclidean distance: better on both shops that we
    measured, and a stranger's history needs no count of orders.
    """

    def histories(self, data: Interactions) -> Any:
        order = order_codes(data, self.name)
        pairs = data.user.astype(np.int64) * (int(order.max()) + 1) + order
        visit, row_visit = np.unique(pairs, return_inverse=True)
        user = visit // (int(order.max()) + 1)
        when = np.full(len(visit), -np.inf)
        np.maximum.at(when, row_visit, np.arange(len(data)) if data.time is None else data.time)
        weights = visit_weights(
            user,
            when,
            groups=self.parameters["groups"],
            group_decay=self.parameters["group_decay"],
            basket_decay=self.parameters["basket_decay"],
        )
        if data.time is not None and self.parameters["half_life"] is not None:
            weights *= np.exp2((when - when.max()) / _DAY / self.parameters["half_life"])
        return _summed(data, row_visit, weights, self.parameters["weight"])


def visit_weights(
    user: NDArray[np.int64],
    when: NDArray[np.float64],
    *,
    groups: int,
    group_decay: float,
    basket_decay: float,
) -> NDArray[np.float64]:
    """What each order counts in its user's vector, float64 (orders,); equal times by place."""
    by = np.lexsort((when, user))
    starts = run_starts(user[by])
    n = np.diff(np.append(starts, len(by)))
    place = np.arange(len(by)) - np.repeat(starts, n)
    n = np.repeat(n, n)
    m = np.minimum(groups, n)
    small = n // m
    large = n - small * m  # how many groups hold one more
    border = small * (m - large)
    early = place < border
    group = np.where(early, place // small, m - large + (place - border) // (small + 1))
    within = np.where(early, place % small, (place - border) % (small + 1))
    size = np.where(early, small, small + 1)
    weights = np.empty(len(by))
    weights[by] = n / (size * m) * basket_decay ** (size - 1.0 - within) * group_decay ** (m - 1.0 - group)
    return weights


def _summed(
    data: Interactions, visit: NDArray[np.int64], weights: NDArray[np.float64], weight: Weight
) -> Any:
    """Users x items: the sum of the weights of the visits with the item, each once."""
    by = np.lexsort((visit, data.item, data.user))
    by = by[run_starts(data.user[by], data.item[by], visit[by])]
    user, item = data.user[by], data.item[by]
    pairs = run_starts(user, item)
    totals = np.add.reduceat(weights[visit[by]], pairs)
    return csr((user[pairs], item[pairs], totals), weight, (data.n_users, data.n_items))
