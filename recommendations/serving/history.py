"""A person's history as a model sees it: what it was trained on, and what has happened since."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ..types import Subject
from .loading import LoadedModel

Positions = NDArray[Any]  # int64, or int32 as mapped from disk
Float32s = NDArray[np.float32]

_DAY: Final = 86_400.0
# How weights that an algorithm was fitted on become numbers of purchases again.
_COUNTS: Final = {"binary": np.sign, "count": np.positive, "log1p": np.expm1, "sqrt": np.square}


@dataclass(frozen=True, slots=True, eq=False)
class History:
    """``items``: distinct positions in a model's items, ascending; ``weights``: float32, as that model was
    fitted.

    ``bought``: positions of everything the person has bought. ``user``: the person's position in the model,
    -1 for somebody it has not seen. ``fresh``: something has happened that the model was not trained on.
    """

    items: Positions
    weights: Float32s
    bought: Positions
    user: int
    fresh: bool


def of(loaded: LoadedModel, subject: Subject, *, with_basket: bool = True) -> History:
    """What the model was trained on of this person, orders since then, and the basket as one purchase each.

    A model of ratings keeps to its own: a purchase is no rating.
    """
    model, scorer = loaded.model, loaded.model.scorer
    user = model.users.position(subject.user_key) if subject.user_key else -1
    items, weights = model.seen.row(user) if user >= 0 else (np.zeros(0, np.int32), np.zeros(0, np.float32))
    items = items.astype(np.int64)
    since = loaded.trained_until if user >= 0 else -np.inf
    recent = [(key, weight, at) for key, weight, at in subject.recent if at > since]
    ordered = model.items.index([key for key, _weight, _at in recent])
    bought = np.concatenate((items, ordered[ordered >= 0]))
    if scorer.weight == "mean":
        return History(items, weights, bought, user, fresh=False)
    basket = model.items.index(subject.basket if with_basket else ())
    positions = np.concatenate((ordered, basket))
    added = np.concatenate((_decayed(loaded, recent, user >= 0), np.ones(len(basket))))
    known = positions >= 0
    if not known.any():
        return History(items, weights, bought, user, fresh=False)
    counts = _COUNTS[scorer.weight](weights.astype(np.float64))
    merged = scorer.weigh(np.concatenate((items, positions[known])), np.concatenate((counts, added[known])))
    return History(*merged, bought, user, fresh=True)


def _decayed(loaded: LoadedModel, recent: list[tuple[str, float, float]], known: bool) -> NDArray[np.float64]:
    """Orders weighed by age: from the training's last order where the model knows the rest, else now."""
    weights = np.array([min(weight, 1.0) for _key, weight, _at in recent], dtype=np.float64)
    half_life = loaded.model.parameters.get("half_life")
    if not half_life or not len(weights):
        return weights
    today = time.time()
    now = loaded.trained_until if known else today
    age = (now - np.minimum([at for _key, _weight, at in recent], today)) / _DAY  # no order is of tomorrow
    return weights * np.exp2(-np.clip(age / float(half_life), -60.0, 60.0))


def of_items(loaded: LoadedModel, keys: list[str]) -> History:
    """A history of just these items, one purchase each."""
    positions = loaded.model.items.index(keys)
    merged = loaded.model.scorer.weigh(positions[positions >= 0], np.ones(int((positions >= 0).sum())))
    return History(*merged, positions[positions >= 0], -1, fresh=True)


def scores(loaded: LoadedModel, history: History) -> Float32s:
    """Scores of all items for this history, float32 (n_items,), a new array; -inf is no candidate."""
    model = loaded.model
    if history.user >= 0 and not history.fresh:
        return model.scorer.score_users(np.array([history.user]), model.seen)[0]
    if not len(history.items) and model.scorer.needs_history:
        return np.full(len(model.items), -np.inf, np.float32)
    return model.scorer.score_history(history.items, history.weights)
