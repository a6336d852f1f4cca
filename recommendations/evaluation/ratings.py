"""How far predicted ratings are from given ones."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recommendations.evaluation.protocol import Scored
from recommendations.interactions import Interactions

_CELLS = 4_000_000


@dataclass(frozen=True, eq=False)
class RatingEvaluation:
    """Errors of a model's ratings. ``error``: float64, predicted - given, one per row of the test.

    ``metrics``: ``rmse``, ``mae`` over all ratings (NaN without any) and ``predicted``, the share of them
    that the model knew user and item of.
    """

    error: NDArray[np.float64]
    metrics: dict[str, float]


def evaluate_ratings(model: Scored, train: Interactions, test: Interactions) -> RatingEvaluation:
    """RMSE and MAE of a model whose scores are ratings.

    No rating is left out: where the model does not know the user or the item, or has no score, the mean
    rating of ``train`` stands in. Predictions are clipped to the range of ratings in ``train``, as the
    published five-fold figures of MovieLens are. Raises ``ValueError`` for data that is no ratings and for
    an empty ``train``.
    """
    if train.kind != "ratings" or test.kind != "ratings":
        raise ValueError(f'RMSE and MAE need kind "ratings"; got "{train.kind}" and "{test.kind}".')
    if not len(train):
        raise ValueError("The training part holds no ratings, so there is no mean to fall back on.")
    given = test.value.astype(np.float64)
    predicted = np.full(len(test), np.nan)
    user = model.users.index(test.users.keys)[test.user] if len(test) else np.zeros(0, np.int64)
    item = model.items.index(test.items.keys)[test.item] if len(test) else np.zeros(0, np.int64)
    known = np.flatnonzero((user >= 0) & (item >= 0))
    known = known[np.argsort(user[known], kind="stable")]
    people, place = np.unique(user[known], return_inverse=True)
    step = max(1, _CELLS // max(len(model.items), 1))
    for start in range(0, len(people), step):
        scores = model.score_users(people[start : start + step])
        low, high = np.searchsorted(place, [start, start + step])
        rows = known[low:high]
        predicted[rows] = scores[place[low:high] - start, item[rows]]
    scored = np.isfinite(predicted)
    mean = train.value.mean(dtype=np.float64)
    predicted = np.clip(np.where(scored, predicted, mean), train.value.min(), train.value.max())
    error = predicted - given
    return RatingEvaluation(error, _metrics(error, scored))


def _metrics(error: NDArray[np.float64], scored: NDArray[np.bool_]) -> dict[str, float]:
    if not len(error):
        return {"rmse": float("nan"), "mae": float("nan"), "predicted": float("nan")}
    return {
        "rmse": float(np.sqrt(np.square(error).mean())),
        "mae": float(np.abs(error).mean()),
        "predicted": float(scored.mean()),
    }
