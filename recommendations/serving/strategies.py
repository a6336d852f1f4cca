"""Where candidates come from: one function a strategy, each named as in a placement's settings."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final, NamedTuple

import numpy as np

from ..artifacts.ranking import top
from ..types import Subject
from . import history
from .guard import logged
from .history import Float32s, History
from .loading import LoadedModel
from .models import State
from .placements import PlacementConfig

Share = tuple[str, float]

_DAY: Final = 86_400.0
_HALF_LIFE: Final = 62.0  # days, of one's own purchases while no model of them is active
RECENT_ITEMS: Final = 10  # last orders that stand in for an item where the page is about none


@dataclass(frozen=True, slots=True)
class Question:
    """What a placement is asked: for whom, about which item, how many candidates (``k``) of each strategy.

    ``excluded``: keys that must not come up, whatever the strategy.
    """

    config: PlacementConfig
    subject: Subject
    item: str | None
    state: State
    k: int
    excluded: frozenset[str]

    def model(self, role: str) -> LoadedModel | None:
        return self.state.models.get(role)

    @property
    def only_unbought(self) -> bool:
        """A personal placement shows what the person does not know yet, from whatever strategy it comes."""
        return self.config.strategies[0] == "personal"


class Candidate(NamedTuple):
    """An item that may be shown.

    ``history`` and ``model`` are what its score is owed to, if to any; ``category`` is a number, if it is
    known.
    """

    key: str
    score: float
    source: str
    algorithm: str
    run: int | None = None
    model: LoadedModel | None = None
    history: History | None = None
    category: int | None = None


def candidates(question: Question) -> Iterator[Candidate]:
    """Every candidate once, strategy after strategy; a later one is asked only when the list needs it."""
    taken = set(question.excluded) | question.state.pointer.never
    for name in dict.fromkeys(question.config.strategies):
        for candidate in logged(f"Strategy {name}", partial(STRATEGIES[name], question), ()):
            if candidate.key not in taken:
                taken.add(candidate.key)
                yield candidate


def personal(question: Question) -> Iterable[Candidate]:
    """What this person is likely to want next: from history, orders since the training and the basket."""
    loaded = question.model("personal")
    if loaded is None:
        return []
    known = history.of(loaded, question.subject)
    return _best(question, "personal", loaded, known, history.scores(loaded, known))


def similar(question: Question) -> Iterable[Candidate]:
    """Items like the one that the page is about, else like the basket, else like the last orders."""
    return _related(question, "similar")


def bought_together(question: Question) -> Iterable[Candidate]:
    """Items that share orders with the page's item, else with the basket, else with the last orders."""
    return _related(question, "bought_together")


def buy_again(question: Question) -> Iterable[Candidate]:
    """What the person has bought before, and nothing else."""
    loaded = question.model("buy_again")
    if loaded is None:
        return _bought_lately(question)
    known = history.of(loaded, question.subject, with_basket=False)
    scores = history.scores(loaded, known)
    mine = np.full_like(scores, -np.inf)
    mine[known.bought] = scores[known.bought]
    return _best(question, "buy_again", loaded, known, mine)


def trending(question: Question) -> Iterable[Candidate]:
    """What is bought most, the same for everyone: by the model, else by a count of the newest lines."""
    loaded = question.model("trending")
    listed = question.state.catalogue.trending.get(question.config.filter_key, ())
    if loaded is None:
        return _listed(question, "trending", "recent orders", listed)
    nobody = history.of_items(loaded, [])
    return _best(question, "trending", loaded, nobody, history.scores(loaded, nobody))


def new(question: Question) -> Iterable[Candidate]:
    """The newest items of the catalogue."""
    return _listed(
        question, "new", "newest", question.state.catalogue.newest.get(question.config.filter_key, ())
    )


STRATEGIES: Final[dict[str, Callable[[Question], Iterable[Candidate]]]] = {
    strategy.__name__: strategy for strategy in (personal, similar, bought_together, buy_again, trending, new)
}


def _related(question: Question, role: str) -> Iterable[Candidate]:
    loaded = question.model(role)
    if loaded is None:
        return []
    anchors = _anchors(question)
    positions = loaded.model.items.index(anchors)
    known = history.of_items(loaded, anchors)
    if question.item and "similar" in loaded.model.supports:
        if positions[0] < 0:
            return []
        scores = loaded.model.scorer.score_items(positions)[0]
    elif "fold_in" in loaded.model.supports:
        scores = history.scores(loaded, known)
    else:
        return []
    scores[positions[positions >= 0]] = -np.inf
    return _best(question, role, loaded, known, scores)


def _anchors(question: Question) -> list[str]:
    """What related items are sought for."""
    if question.item:
        return [question.item]
    if question.subject.basket:
        return list(question.subject.basket)
    return list(dict.fromkeys(key for key, _weight, _at in question.subject.recent))[:RECENT_ITEMS]


def _best(
    question: Question, source: str, loaded: LoadedModel, known: History, scores: Float32s
) -> Iterable[Candidate]:
    """The best ``k`` that may be shown, made one by one as they are taken; ``scores`` is overwritten."""
    model = loaded.model
    scores[question.state.blocked(loaded, question.config.filter_key)] = -np.inf
    excluded = model.items.index(question.excluded)
    scores[excluded[excluded >= 0]] = -np.inf
    if question.only_unbought:
        mine = known if source == "personal" else history.of(loaded, question.subject)
        scores[mine.bought] = -np.inf
    best = top(scores, question.k)
    numbers = (question.state.catalogue.categories or {}).get(loaded.run_id)
    kinds = (
        [None] * len(best)
        if numbers is None
        else [kind if kind >= 0 else None for kind in numbers[best].tolist()]
    )
    return (
        Candidate(model.items.key(place), score, source, loaded.algorithm, loaded.run_id, loaded, known, kind)
        for place, score, kind in zip(best.tolist(), scores[best].tolist(), kinds, strict=True)
    )


def _listed(question: Question, source: str, algorithm: str, keys: Sequence[str]) -> Iterator[Candidate]:
    """A ready-made list; its score is 1 / place."""
    bought = _bought_among(question, keys) if question.only_unbought else ()
    for place, key in enumerate(keys, 1):
        if key not in bought:
            yield Candidate(key, 1.0 / place, source, algorithm)


def _bought_among(question: Question, keys: Sequence[str]) -> set[str]:
    """Those of ``keys`` that the person has bought, as far as the last orders or the personal model know."""
    bought = {key for key, _weight, _at in question.subject.recent}
    loaded = question.model("personal")
    if loaded is not None and question.subject.user_key:
        mine = history.of(loaded, question.subject).bought
        positions = loaded.model.items.index(keys)
        bought |= {key for key, known in zip(keys, np.isin(positions, mine), strict=True) if known}
    return bought


def _bought_lately(question: Question) -> list[Candidate]:
    """The last orders by age, while no model knows the older ones."""
    now = time.time()
    weights: dict[str, float] = {}
    for key, weight, at in question.subject.recent:
        if not question.state.catalogue.passes(key, question.config.filter_key):
            continue
        decayed = min(weight, 1.0) * math.exp2(-max(now - at, 0.0) / _DAY / _HALF_LIFE)
        weights[key] = weights.get(key, 0.0) + decayed
    ordered = sorted(weights.items(), key=lambda pair: (-pair[1], pair[0]))
    return [Candidate(key, weight, "buy_again", "recent orders") for key, weight in ordered]
