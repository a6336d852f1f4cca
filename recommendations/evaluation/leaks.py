"""Does a model know the answers? Two worlds in which the purchases held back are not what they were.

An honest algorithm knows what it was given and nothing else. So give it something else, and look whether its
lists follow what it was given or what it cannot know:

- **names**: customers' and items' keys are dealt anew among them, each with its whole history and features.
  For an honest algorithm nothing but the labels has changed; what it suggests to the label "u7" has nothing
  to do with what the real u7 bought later, so it hits that at the rate of chance, and chance is known: deal
  the labels of its lists again and again (a permutation test). Whoever has looked anything up, purchases of
  the test, a sales rank, a model trained on everything, hits more.
- **times**: each customer's orders change their times among them, so that the test holds others. Whoever
  knows the purchases that were held back by heart falls to what the customer's own items get at random; an
  honest algorithm finds about as much as before.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from recommendations.evaluation.metrics import ndcg
from recommendations.evaluation.protocol import Evaluation, Keys, Scored, contains, evaluate
from recommendations.interactions import Feature, Interactions, Split, leave_last_order_split, temporal_split

Fit = Callable[[Interactions], Scored]
Found = Literal["", "names", "times"]

DEALS: Final = 999
MOST_USERS: Final = 1_000
P: Final = 0.001
SHARE: Final = 0.05
"""The least part of what a model scores, by which it beats chance with names that it was not given."""
FALL: Final = 0.25
"""Of a perfect list: what true times may be worth to an honest model, beyond their worth to bestsellers."""


@dataclass(frozen=True, slots=True)
class LeakCheck:
    """What the two worlds showed; all scores are NDCG@k, NaN where there was nothing to score.

    ``score``, ``bestsellers``: new items in the world as it is, ``score_shuffled``,
    ``bestsellers_shuffled``: with times shuffled (NaN where the rows have none). ``score_all``: all items in
    the world as it is, ``score_renamed``: with names dealt anew, by what the names' real owners bought,
    ``chance``: what lists without knowledge get there, ``p``: the chance of getting as much as that.
    ``found``: which world gave the model away, "" for none.
    """

    score: float
    score_shuffled: float
    bestsellers: float
    bestsellers_shuffled: float
    score_all: float
    score_renamed: float
    chance: float
    p: float

    @property
    def found(self) -> Found:
        if self.p <= P and self.score_renamed - self.chance > SHARE * (self.score_all - self.chance):
            return "names"
        return "times" if self.fall > FALL else ""

    @property
    def fall(self) -> float:
        """How much more the model lost than bestsellers did when times were shuffled; NaN without times."""
        return (self.score - self.score_shuffled) - (self.bestsellers - self.bestsellers_shuffled)


def check_leaks(
    fit: Fit,
    split: Split,
    *,
    model: Scored | None = None,
    k: int = 20,
    users: Iterable[str] | None = None,
    seed: int = 0,
) -> LeakCheck:
    """Fit three times, on the split as it is and in both worlds, and compare.

    ``fit`` takes what is known before the test, as ``split.before_test.development`` is, and returns the
    model; it must fit anew each time. ``model`` is what it gave on the split as it is, if it was asked. At
    most 1,000 test users are scored, drawn by ``seed`` from those among ``users`` (keys; None: all). What an
    algorithm knows of customers and items from elsewhere (a table of its own, by key) stays with the label
    when names are dealt anew: bring such knowledge as features of the data.
    """
    chosen = _some_users(split, users, seed)
    model = model or fit(split.before_test.development)
    score, best = _scores(model, split, k, chosen)
    shuffled = shuffled_times(split, seed=seed)
    after, best_after = math.nan, math.nan
    if shuffled is not None:
        after, best_after = _scores(fit(shuffled.before_test.development), shuffled, k, chosen)
    everything = evaluate(model, split.development, split.test, k=k, scope="all", users=chosen)
    renamed = fit(dealt_anew(split.before_test.development, seed=seed))
    known = evaluate(
        _TiesAtRandom(renamed, seed), split.development, split.test, k=k, scope="all", users=chosen
    )
    score_renamed, chance, p = _against_chance(known, seed)
    return LeakCheck(
        score,
        after,
        best,
        best_after,
        everything.metrics["ndcg"],
        score_renamed,
        chance,
        p,
    )


def shuffled_times(split: Split, *, seed: int = 0) -> Split | None:
    """The split made anew after each customer's orders have changed their times among them.

    Orders stay whole, and every customer keeps the times at which they ordered. None where rows have no
    times.
    """
    data = split.data
    if data.time is None:
        return None
    visit_of = data.order if data.order is not None else np.unique(data.time, return_inverse=True)[1]
    visits, visit = np.unique(
        np.stack([data.user.astype(np.int64), visit_of.astype(np.int64)]), axis=1, return_inverse=True
    )
    visit = visit.reshape(-1)
    moment = np.full(visits.shape[1], -np.inf)
    np.maximum.at(moment, visit, data.time)
    # Visits are sorted by user: a random order within each user says whose time each one takes.
    source = np.lexsort((_random(seed, 1).random(len(moment)), visits[0]))
    moment = moment[source]
    data = replace(data, time=moment[visit], order=visit.astype(np.int64))
    if split.name == "leave-last":
        return leave_last_order_split(data)
    return temporal_split(data, cutoff=split.cutoff)


def dealt_anew(data: Interactions, *, seed: int = 0) -> Interactions:
    """The same rows and features, the keys of customers and of items dealt anew; guests stay guests."""
    random = _random(seed, 2)
    user = np.arange(data.n_users)
    user[: data.n_customers] = random.permutation(data.n_customers)
    item = random.permutation(data.n_items)
    return replace(
        data,
        user=user[data.user].astype(np.int32),
        item=item[data.item].astype(np.int32),
        user_features=_moved(data.user_features, user),
        item_features=_moved(data.item_features, item),
    )


def _moved(features: Any, to: NDArray[np.int64]) -> dict[str, Feature]:
    back = np.argsort(to)
    return {name: feature.take(back) for name, feature in features.items()}


def _some_users(split: Split, users: Iterable[str] | None, seed: int) -> list[str]:
    """Keys of test users, at most 1,000."""
    tested = split.test.customers().compact().users.keys
    keys = sorted(set(tested) & set(users)) if users is not None else tested
    if len(keys) <= MOST_USERS:
        return keys
    drawn = _random(seed, 3).choice(len(keys), MOST_USERS, replace=False)
    return [keys[place] for place in sorted(drawn.tolist())]


def _scores(model: Scored, split: Split, k: int, users: list[str]) -> tuple[float, float]:
    """NDCG over new items of the model and of bestsellers."""
    known = split.development
    found = [
        evaluate(scored, known, split.test, k=k, scope="new", users=users).metrics["ndcg"]
        for scored in (model, _Bestsellers(split.before_test.development))
    ]
    return found[0], found[1]


def _against_chance(blind: Evaluation, seed: int) -> tuple[float, float, float]:
    """The score, its mean over lists whose labels are dealt at random, and the share that reaches it."""
    people, items = len(blind.users), blind.n_items
    if not people or not items:
        return math.nan, math.nan, 1.0
    random = _random(seed, 4)
    counts = np.bincount(blind.relevant_user, minlength=people).astype(np.int64)
    known = blind.relevant_item >= 0
    wanted = np.sort(blind.relevant_user[known] * (items + 1) + blind.relevant_item[known])
    place = np.arange(people)[:, None] * (items + 1)
    deals = np.empty(DEALS)
    for deal in range(DEALS):
        label = np.append(random.permutation(items), items)  # the last one for -1, no item
        lists = label[blind.lists[random.permutation(people)]]
        deals[deal] = ndcg(contains(wanted, place + lists), counts).mean()
    score = blind.metrics["ndcg"]
    reached = np.count_nonzero(deals >= score - 1e-12)
    return score, float(deals.mean()), float((1 + reached) / (DEALS + 1))


def _random(seed: int, purpose: int) -> np.random.Generator:
    """A stream of its own for each purpose, and none that an algorithm with this seed would draw."""
    return np.random.default_rng([seed, 0x1EAC, purpose])


class _Bestsellers:
    """What most customers have bought, the same for everyone."""

    def __init__(self, data: Interactions) -> None:
        self.users, self.items = data.users, data.items
        pairs = np.unique(np.stack([data.user, data.item]), axis=1)
        self._scores = np.bincount(pairs[1], minlength=data.n_items).astype(np.float32)

    def score_users(self, users: NDArray[np.int64], /) -> NDArray[np.float32]:
        return np.tile(self._scores, (len(users), 1))


class _TiesAtRandom:
    """A model whose equal scores are ranked at random: by key, old items with low numbers would win."""

    def __init__(self, model: Scored, seed: int) -> None:
        self._model = model
        self._order = _random(seed, 5).permutation(len(model.items))
        self.users = model.users
        self.items: Keys = _Reordered(model.items, self._order)

    def score_users(self, users: NDArray[np.int64], /) -> NDArray[np.float32]:
        return np.asarray(self._model.score_users(users)[:, self._order], np.float32)


class _Reordered:
    """Keys at other positions: ``order[n]`` is the old position of the n-th."""

    def __init__(self, keys: Keys, order: NDArray[np.int64]) -> None:
        self._keys = keys
        self._place = np.append(np.argsort(order), -1)  # the last one for -1, unknown

    def __len__(self) -> int:
        return len(self._keys)

    def index(self, keys: Iterable[str]) -> NDArray[np.int64]:
        return np.asarray(self._place[self._keys.index(keys)], np.int64)
