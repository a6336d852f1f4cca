"""The caller's own candidates, a search result say, in this person's order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from typing import Final

import numpy as np
from django.http import HttpRequest

from ..types import Recommendation, Subject
from . import history, models
from .answer import UNREADABLE, Served, fetch, signed, subject_of
from .guard import logged
from .loading import LoadedModel
from .marks import mark_personal
from .strategies import Candidate

MAX_RANKED: Final = 1_000
_ORDER: Final = ("personal", "trending")


def rank(
    keys: Iterable[str],
    *,
    request: HttpRequest | None = None,
    subject: Subject | None = None,
    limit: int | None = None,
) -> Served:
    """``keys`` in the order in which this person is likely to want them.

    First those that the personal model can score for the person (without any history: the trending model),
    then the others in the order given, their ``source`` being ``given``. Keys that the person may not see
    come back under ``unknown``. A key given twice counts once. Raises ``ValueError`` for a limit below 1
    and for more than 1,000 keys.
    """
    wanted = list(dict.fromkeys(keys))
    if len(wanted) > MAX_RANKED:
        raise ValueError(f"At most {MAX_RANKED} items can be ranked at once, got {len(wanted)}.")
    if limit is not None and limit < 1:
        raise ValueError(f"limit must be 1 or more, got {limit}.")
    state = models.current()
    if subject is None:
        subject = subject_of(request)
    elif request is not None:
        mark_personal(request)
    found = fetch(wanted, subject)
    if found is None:
        return signed(Served("rank", limit=len(wanted), subject=subject), str(UNREADABLE))
    known = [key for key in wanted if key in found]
    ordered: list[Candidate] = []
    for role in _ORDER:
        if (loaded := state.models.get(role)) and not ordered:
            ordered = logged(f"Ranking by {role}", partial(_scored, loaded, role, subject, known), [])
    scored = {candidate.key for candidate in ordered}
    ordered += [Candidate(key, 0.0, "given", "") for key in known if key not in scored]
    items = tuple(
        Recommendation(
            candidate.key, place, candidate.score, candidate.source, candidate.algorithm, found[candidate.key]
        )
        for place, candidate in enumerate(ordered[:limit], 1)
    )
    run = next((candidate.run for candidate in ordered if candidate.run is not None), None)
    unknown = [key for key in wanted if key not in found]
    return signed(Served("rank", limit=len(items), run=run, items=items, subject=subject, unknown=unknown))


def _scored(loaded: LoadedModel, role: str, subject: Subject, keys: Sequence[str]) -> list[Candidate]:
    """Those of ``keys`` that the model has a score for, best first, equal ones as given."""
    scores = history.scores(loaded, history.of(loaded, subject))
    positions = loaded.model.items.index(keys)
    own = np.where(positions >= 0, scores[positions], -np.inf) if len(scores) else np.full(len(keys), -np.inf)
    order = [place for place in np.argsort(-own, kind="stable").tolist() if np.isfinite(own[place])]
    return [
        Candidate(keys[place], float(own[place]), role, loaded.algorithm, loaded.run_id) for place in order
    ]
