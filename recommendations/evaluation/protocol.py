"""The protocol: every test user, the full catalogue, one list of k per user, no sampled negatives."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal, Protocol, get_args

import numpy as np
from numpy.typing import NDArray

from recommendations.evaluation.catalogue import coverage, gini, intra_list_diversity, novelty
from recommendations.evaluation.likeness import miscalibration, price_bias
from recommendations.evaluation.metrics import ranking_metrics
from recommendations.evaluation.topk import top_k
from recommendations.interactions import Interactions, Vocabulary

Scope = Literal["new", "all"]

_CELLS = 4_000_000
"""Scores held at once: 16 MB of float32, whatever the number of users."""


class Keys(Protocol):
    """Sorted keys, as a model holds them."""

    def __len__(self) -> int: ...
    def index(self, keys: Iterable[str]) -> NDArray[np.int64]: ...


class Scored(Protocol):
    """What is evaluated: anything that scores all its items for its users, such as ``artifacts.Model``.

    ``score_users`` takes int64 positions in ``users`` and returns float32 (users, items); a higher score is
    better, -inf or NaN is no suggestion. ``items`` are sorted by key: equal scores are ranked in that order.
    """

    @property
    def items(self) -> Keys: ...
    @property
    def users(self) -> Keys: ...
    def score_users(self, users: NDArray[np.int64], /) -> NDArray[np.float32]: ...


@dataclass(frozen=True, eq=False)
class Evaluation:
    """How a model's lists did.

    ``per_user``: metric -> float64, aligned with ``users`` (keys). ``metrics``: their means (NaN without any
    test user), and ``coverage`` and ``gini`` of all lists together. ``lists``: int32 (users, k), positions in
    the model's items, best first, -1 past the end of a short list. ``n_items``: the size of the catalogue
    that was ranked. ``relevant_user`` and ``relevant_item``: int64, what was to be found, as places in
    ``users`` and positions in the model's items (-1 where the model does not know the item). ``hits``: bool
    (users, k), which places of the lists found such a thing. ``purchases``: int64 (n_items,), the rows that
    each of the model's items had before the test.
    """

    users: list[str]
    per_user: dict[str, NDArray[np.float64]]
    metrics: dict[str, float]
    lists: NDArray[np.int32]
    k: int
    scope: Scope
    n_items: int
    relevant_user: NDArray[np.int64]
    relevant_item: NDArray[np.int64]
    hits: NDArray[np.bool_]
    purchases: NDArray[np.int64]

    def __repr__(self) -> str:
        shown = ", ".join(f"{name} {value:.4f}" for name, value in self.metrics.items())
        return f"Evaluation(k={self.k}, scope={self.scope}, {len(self.users)} users: {shown})"


def evaluate(
    model: Scored,
    train: Interactions,
    test: Interactions,
    *,
    k: int = 20,
    scope: Scope = "new",
    users: Iterable[str] | None = None,
) -> Evaluation:
    """Rank the model's whole catalogue for every test user and compare with what the user took in ``test``.

    ``scope="new"``: items that the user has a row of in ``train`` are neither candidates nor relevant;
    ``"all"``: every item is both. Test users are those with at least one relevant item (only those among
    ``users``, if given; no guests), so that all models are judged on the same ones: a user whom the model
    does not know counts 0, and a relevant item that it does not know is one that it did not find. Keys are
    compared, so train, test and model need not share vocabularies. Metrics: :mod:`metrics
    <recommendations.evaluation.metrics>`, :mod:`catalogue <recommendations.evaluation.catalogue>` and
    :mod:`likeness <recommendations.evaluation.likeness>`, whose prices and categories are the features
    ``price`` (number) and ``category`` of ``train``'s items; without them its metrics are NaN.

    Memory is bounded by the catalogue, not by users x items. Raises ``ValueError`` for a k below 1 and an
    unknown scope.
    """
    if scope not in get_args(Scope):
        raise ValueError(f'scope is "new" or "all"; got {scope!r}.')
    if k < 1:
        raise ValueError(f"k is at least 1; got {k!r}.")
    task = _Task(model, train, test, scope, users)
    lists = np.full((len(task.test_users), k), -1, np.int32)
    for chunk in task.chunks():
        lists[chunk, : min(k, task.n_items)] = top_k(task.scores(chunk), k)
    hits = task.hits(lists)
    per_user = ranking_metrics(hits, task.relevant)
    popularity = np.bincount(task.bought_item, minlength=task.n_items)
    per_user["novelty"] = novelty(lists, popularity, train.n_users)
    per_user["diversity"] = intra_list_diversity(lists, task.bought_user, task.bought_item, task.n_items)
    history = task.history()
    per_user["price_bias"] = price_bias(lists, *history, task.prices(train))
    per_user["miscalibration"] = miscalibration(lists, *history, task.categories(train))
    metrics = {name: _mean(values) for name, values in per_user.items()}
    metrics["coverage"] = coverage(lists, task.n_items)
    metrics["gini"] = gini(lists, task.n_items)
    return Evaluation(
        test.users.take(task.test_users),
        per_user,
        metrics,
        lists,
        k,
        scope,
        task.n_items,
        task.relevant_user,
        task.relevant_item,
        hits,
        task.purchases(train),
    )


class _Task:
    """Train, test and model brought to one numbering: the model's items, the test's users."""

    def __init__(
        self,
        model: Scored,
        train: Interactions,
        test: Interactions,
        scope: Scope,
        users: Iterable[str] | None,
    ) -> None:
        self.model, self.scope, self.n_items = model, scope, len(model.items)
        train_user, train_item = _pairs(train)
        user, item = _pairs(test)
        user, item = user[user < test.n_customers], item[user < test.n_customers]
        if scope == "new":
            keep = ~_known(train, train_user, train_item, test, user, item)
            user, item = user[keep], item[keep]
        if users is not None:
            keep = np.isin(user, test.users.index(users))
            user, item = user[keep], item[keep]
        self.test_users, place, relevant = np.unique(user, return_inverse=True, return_counts=True)
        self.relevant = relevant.astype(np.int64)
        keys = test.users.take(self.test_users)
        self._position = model.users.index(keys)
        self.relevant_user = place.astype(np.int64)
        self.relevant_item = model.items.index(test.items.keys)[item] if len(item) else item
        known = self.relevant_item >= 0
        self._wanted = np.sort((self.relevant_user * self.n_items + self.relevant_item)[known])
        self._set_bought(train, train_user, train_item, train.users.index(keys))

    def _set_bought(
        self,
        train: Interactions,
        user: NDArray[np.int64],
        item: NDArray[np.int64],
        train_code: NDArray[np.int64],
    ) -> None:
        """The distinct training pairs by user, in the model's items, and where each test user's begin."""
        item = self.model.items.index(train.items.keys)[item] if len(item) else item
        self.bought_user, self.bought_item = user[item >= 0], item[item >= 0]
        self._first = np.searchsorted(self.bought_user, train_code)
        self._count = np.searchsorted(self.bought_user, train_code, side="right") - self._first
        self._count[train_code < 0] = 0

    def chunks(self) -> Iterator[NDArray[np.int64]]:
        """Places of test users whom the model knows, some at a time."""
        known = np.flatnonzero(self._position >= 0)
        step = max(1, _CELLS // max(self.n_items, 1))
        for start in range(0, len(known), step):
            yield known[start : start + step]

    def scores(self, chunk: NDArray[np.int64]) -> NDArray[np.float32]:
        """The model's scores as an array of our own, with -inf for what is no candidate."""
        scores = np.array(self.model.score_users(self._position[chunk]), np.float32, order="C")
        if scores.shape != (len(chunk), self.n_items):
            raise ValueError(f"score_users gave shape {scores.shape}; needed {(len(chunk), self.n_items)}.")
        if self.scope == "new":
            scores[self._bought(chunk)] = -np.inf
        return scores

    def history(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Place of the test user and position of the item for all that test users had bought before."""
        return self._bought(np.arange(len(self.test_users)))

    def purchases(self, train: Interactions) -> NDArray[np.int64]:
        """Training rows of the model's items."""
        rows = np.zeros(self.n_items, np.int64)
        place, known = self._placed(train)
        rows[place[known]] = np.bincount(train.item, minlength=train.n_items)[known]
        return rows

    def prices(self, train: Interactions) -> NDArray[np.float64]:
        """Of the model's items; NaN where unknown."""
        prices = np.full(self.n_items, np.nan)
        feature = train.item_features.get("price")
        if feature is not None and feature.kind == "number":
            place, known = self._placed(train)
            prices[place[known]] = np.asarray(feature.values, np.float64)[known]
        return prices

    def categories(self, train: Interactions) -> NDArray[np.int64]:
        """Codes of the categories of the model's items; -1 where unknown."""
        codes = np.full(self.n_items, -1, np.int64)
        feature = train.item_features.get("category")
        if feature is not None and feature.kind == "category":
            place, known = self._placed(train)
            names = ["" if name is None else str(name) for name in feature.values]
            code_of = {name: code for code, name in enumerate(sorted({*names} - {""}))}
            codes[place[known]] = np.array([code_of.get(name, -1) for name in names], np.int64)[known]
        return codes

    def _placed(self, train: Interactions) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        place = self.model.items.index(train.items.keys)
        return place, place >= 0

    def _bought(self, chunk: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        count = self._count[chunk]
        within = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
        items = self.bought_item[np.repeat(self._first[chunk], count) + within]
        return np.repeat(np.arange(len(chunk)), count), items

    def hits(self, lists: NDArray[np.int32]) -> NDArray[np.bool_]:
        codes = np.arange(len(lists), dtype=np.int64)[:, None] * self.n_items + lists
        return np.asarray(contains(self._wanted, codes) & (lists >= 0))


def _pairs(data: Interactions) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Distinct (user, item) codes, sorted by user, then item."""
    pairs = np.unique(data.user.astype(np.int64) * max(data.n_items, 1) + data.item)
    return pairs // max(data.n_items, 1), pairs % max(data.n_items, 1)


def _known(
    train: Interactions,
    train_user: NDArray[np.int64],
    train_item: NDArray[np.int64],
    test: Interactions,
    user: NDArray[np.int64],
    item: NDArray[np.int64],
) -> NDArray[np.bool_]:
    """Which test pairs are training pairs too."""
    user, item = _translated(test.users, train.users)[user], _translated(test.items, train.items)[item]
    size = max(train.n_items, 1)
    found = contains(train_user * size + train_item, user * size + item)
    return np.asarray(found & (user >= 0) & (item >= 0))


def _translated(source: Vocabulary, target: Vocabulary) -> NDArray[np.int64]:
    if source == target:
        return np.arange(len(source), dtype=np.int64)
    return target.index(source.keys)


def contains(ordered: NDArray[np.int64], wanted: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which of ``wanted``, an array of any shape, are among the sorted codes ``ordered``."""
    if not len(ordered):
        return np.zeros(wanted.shape, np.bool_)
    at = np.minimum(np.searchsorted(ordered, wanted), len(ordered) - 1)
    return np.asarray(ordered[at] == wanted)


def _mean(values: NDArray[Any]) -> float:
    """The mean over users of whom there is something to say."""
    said = values[~np.isnan(values)]
    return float(said.mean()) if len(said) else float("nan")
