"""Metrics of ranked lists at k with binary relevance, for many users at once.

Each equals trec_eval's measure of that name. ``hits``: bool (users, k), whether the item at each place is
relevant (places past the end of a short list are False); ``relevant``: int64 (users,), how many items are
relevant to the user at all, at least 1. Each answer is float64 (users,), between 0 and 1.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Hits = NDArray[np.bool_]
Counts = NDArray[np.int64]
PerUser = NDArray[np.float64]


def ranking_metrics(hits: Hits, relevant: Counts) -> dict[str, PerUser]:
    """All ranking metrics by name, in the order in which a scorecard shows them."""
    return {
        "ndcg": ndcg(hits, relevant),
        "recall": recall(hits, relevant),
        "map": average_precision(hits, relevant),
        "hit_rate": hit_rate(hits),
        "mrr": reciprocal_rank(hits),
        "precision": precision(hits),
        "f1": f1(hits, relevant),
    }


def recall(hits: Hits, relevant: Counts) -> PerUser:
    """Relevant items found, by the number of the user's relevant items (even where that exceeds k)."""
    return np.asarray(hits.sum(1) / relevant)


def precision(hits: Hits) -> PerUser:
    """Relevant items found, by k: a list that is too short pays for its empty places."""
    return np.asarray(hits.mean(1))


def f1(hits: Hits, relevant: Counts) -> PerUser:
    """The harmonic mean of precision and recall: 2 found / (k + relevant)."""
    return np.asarray(2.0 * hits.sum(1) / (hits.shape[1] + relevant))


def hit_rate(hits: Hits) -> PerUser:
    """1 where the list holds any relevant item (trec_eval: success)."""
    return np.asarray(hits.any(1), np.float64)


def reciprocal_rank(hits: Hits) -> PerUser:
    """1 / place of the first relevant item, 0 without one; its mean is MRR."""
    first: PerUser = hits.argmax(1) + 1.0
    return np.where(hits.any(1), 1.0 / first, 0.0)


def average_precision(hits: Hits, relevant: Counts) -> PerUser:
    """The mean over the relevant items of the precision at their places, 0 for one not found (trec_eval)."""
    at_place = hits.cumsum(1) / np.arange(1, hits.shape[1] + 1)
    return np.asarray((at_place * hits).sum(1) / relevant)


def ndcg(hits: Hits, relevant: Counts) -> PerUser:
    """DCG by the DCG of min(k, relevant) relevant items in front; a place counts 1 / log2(place + 1).

    Järvelin and Kekäläinen 2002, with binary gains; what the BARS leaderboard, LightGCN and UltraGCN report.
    """
    discount = 1.0 / np.log2(np.arange(2, hits.shape[1] + 2))
    ideal = np.cumsum(discount)[np.minimum(relevant, hits.shape[1]) - 1]
    return np.asarray((hits * discount).sum(1) / ideal)
