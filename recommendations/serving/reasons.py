"""Why an item is shown, in words; the shares of an item's reasons sum to 1, the whole of its score."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

import numpy as np
from django.utils.translation import gettext as _

from ..types import Reason
from .strategies import Candidate, Question

_NAMED: Final = 3
_KNOWS_WHY: Final = ("personal", "similar", "bought_together")


def owed_to(candidate: Candidate, question: Question) -> list[tuple[str | None, float]]:
    """Item keys that speak for the candidate with their shares, the greatest first; None is "all the others".

    Only what speaks for an item counts; shares sum to 1. Empty where nothing in particular speaks for it.
    """
    if candidate.source not in _KNOWS_WHY or candidate.model is None or candidate.history is None:
        return []
    if question.item and candidate.source != "personal":
        return [(question.item, 1.0)]
    model, history = candidate.model.model, candidate.history
    if "explain" not in model.supports or not len(history.items):
        return []
    target = model.items.position(candidate.key)
    parts = np.maximum(model.scorer.contributions(history.items, history.weights, target), 0.0)
    if not parts.sum() > 0:
        return []
    shares = parts / parts.sum()
    best = np.argsort(-shares, kind="stable")[:_NAMED]
    named: list[tuple[str | None, float]] = [
        (model.items.key(history.items[place]), float(shares[place])) for place in best if shares[place] > 0
    ]
    rest = 1.0 - sum(share for _key, share in named)
    return [*named, (None, rest)] if rest > 1e-6 else named


def in_words(
    candidate: Candidate,
    owed: Iterable[tuple[str | None, float]],
    titles: Mapping[str, str],
    question: Question,
) -> tuple[Reason, ...]:
    """The reasons as shown. ``titles`` holds the names of the items that this person may see now."""
    reasons = tuple(_reason(candidate, key, share, titles, question) for key, share in owed)
    return reasons or (_general(candidate),)


def _reason(
    candidate: Candidate, key: str | None, share: float, titles: Mapping[str, str], question: Question
) -> Reason:
    if key is None:
        return Reason("history", _("Because of your other purchases"), None, share)
    title = titles.get(key)
    if key == question.item:
        title = title or _("this item")
        if candidate.source == "bought_together":
            return Reason(
                "bought_together", _("Often bought together with %(item)s") % {"item": title}, key, share
            )
        return Reason("similar", _("Similar to %(item)s") % {"item": title}, key, share)
    if title is None:
        return Reason("bought", _("Because of an earlier purchase"), key, share)
    if key in question.subject.basket:
        return Reason("basket", _("Because %(item)s is in your basket") % {"item": title}, key, share)
    return Reason("bought", _("Because you bought %(item)s") % {"item": title}, key, share)


def _general(candidate: Candidate) -> Reason:
    if candidate.source == "buy_again":
        return Reason("bought", _("You have bought this before"), candidate.key, 1.0)
    texts = {
        "trending": _("Popular right now"),
        "new": _("New in the shop"),
        "personal": _("Chosen for you"),
        "similar": _("Similar to what you bought"),
        "bought_together": _("Often bought together with what you bought"),
    }
    return Reason(candidate.source, texts.get(candidate.source, ""), None, 1.0)
