"""One answer: subject -> candidates -> filter -> rank -> diversify -> explain."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import chain, islice
from typing import Any, Final

from asgiref.sync import sync_to_async
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ..adapters import get_adapter
from ..conf import MAX_LIMIT
from ..types import Recommendation, Subject
from . import diversify, models, reasons, request_ids
from .guard import attempt, logged
from .marks import mark_personal
from .placements import PlacementConfig, configure
from .strategies import Candidate, Question, candidates

UNREADABLE: Final = gettext_lazy("The items could not be read; see the log.")
WINDOW: Final = 8  # candidates looked at for each item shown, where a category may fill only so many places
_SUBJECT: Final = "_recommendations_subject"

Owed = Mapping[str, list[tuple[str | None, float]]]


@dataclass(frozen=True, slots=True)
class Served:
    """A served list. Iterates over its ``items``; an empty one is false.

    ``reason`` says why it is empty or shorter than ``limit``. ``run`` is the run of the first item that a
    model gave, None where no model gave any.
    """

    placement: str
    title: Any = ""
    limit: int = 0
    request_id: str = ""
    run: int | None = None
    items: Sequence[Recommendation] = ()
    reason: str = ""
    subject: Subject = field(default_factory=Subject)
    unknown: Sequence[str] = ()

    def __iter__(self) -> Iterator[Recommendation]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)

    @property
    def complete(self) -> bool:
        """Whether the list is as long as was asked for."""
        return len(self.items) >= self.limit


def get_recommendations(
    slug: str,
    *,
    request: HttpRequest | None = None,
    subject: Subject | None = None,
    item: Any = None,
    limit: int | None = None,
    explain: bool = False,
) -> Served:
    """What placement ``slug`` shows this person now.

    Who asks is ``subject``, else whoever is behind ``request``, else nobody in particular. ``item`` is the
    item that the page is about: an instance or its key. ``limit`` defaults to the placement's and is capped
    at 100. With ``explain`` each item says why it is there.

    Raises ``UnknownPlacement`` for a slug that does not exist and ``ValueError`` for a limit below 1.
    Whatever else goes wrong is logged, and the list is shorter or empty. Two SELECTs: the person's last
    orders (once a request) and the items shown; a third one refills a list of which more than half has gone
    since a minute ago.
    """
    state = models.current()
    config = configure(slug, state.pointer.overrides)
    wanted = config.limit if limit is None else min(limit, MAX_LIMIT)
    if wanted < 1:
        raise ValueError(f"limit must be from 1 to {MAX_LIMIT}, got {limit}.")
    if subject is None:
        subject = subject_of(request) if config.personal else Subject()
    elif request is not None and config.personal:
        mark_personal(request)
    served = Served(slug, config.title, wanted, subject=subject)
    if not config.enabled:
        return signed(served, _("It is switched off in the admin."))
    if config.filter_key and config.filter_key not in state.catalogue.trending:
        return signed(served, _("What its filters let through has not been read yet."))
    if config.filter_key in state.catalogue.failed:
        return signed(served, _("The database refused its filters; see the log."))
    about = None
    if item is not None and item != "":
        about = attempt("Reading the key of an item", lambda: get_adapter().item_key(item), None)
    excluded = frozenset(subject.basket) | ({about} if about else set())
    question = Question(config, subject, about, state, 2 * WINDOW * wanted, excluded)
    found = logged(f"Placement {slug}", lambda: _served(served, question, explain), None)
    return signed(served, _("Something went wrong; see the log.")) if found is None else found


aget_recommendations = sync_to_async(get_recommendations, thread_sensitive=True)


def subject_of(request: HttpRequest | None) -> Subject:
    """Who is behind the request, read once a request; the answer to it becomes private."""
    if request is None:
        return Subject()
    mark_personal(request)
    if not hasattr(request, _SUBJECT):
        found = attempt("Reading who is asking", lambda: get_adapter().subject(request), Subject())
        setattr(request, _SUBJECT, found)
    return getattr(request, _SUBJECT)


def _served(served: Served, question: Question, explain: bool) -> Served:
    """Take twice as many candidates as are shown, drop what is gone, spread them; refill once."""
    source = candidates(question)
    pool: list[Candidate] = []
    found: dict[str, Any] = {}
    owed: dict[str, list[tuple[str | None, float]]] = {}
    chosen: list[Candidate] = []
    for _turn in range(2):
        more, source = _next(source, question.config, served.limit, chosen)
        if explain:
            owed |= {
                one.key: reasons.owed_to(one, question) for one in _likely(more, question.config, served)
            }
        keys = [candidate.key for candidate in more]
        named = {key for key_owed in keys for key, _part in owed.get(key_owed, ()) if key} - found.keys()
        fetched = fetch([*keys, *named.difference(keys)], question.subject)
        if fetched is None:
            return signed(served, str(UNREADABLE))
        found |= fetched
        pool += [candidate for candidate in more if candidate.key in found]
        chosen = _spread(pool, found, question, served.limit)
        if len(chosen) >= served.limit or not more:
            break
    return _complete(served, question, chosen, found, owed if explain else None)


def _likely(more: Sequence[Candidate], config: PlacementConfig, served: Served) -> Sequence[Candidate]:
    """Those that will be shown if none is gone: their reasons are found first, to be fetched with them."""
    if config.mmr:
        return more
    return diversify.spread(more, served.limit, max_per_category=config.max_per_category)


def _next(
    source: Iterator[Candidate], config: PlacementConfig, limit: int, chosen: Sequence[Candidate]
) -> tuple[list[Candidate], Iterator[Candidate]]:
    """The candidates to fetch next, beside those ``chosen``, and the ones left after them.

    Where categories are known, twice as many of each are fetched as may be shown; where they are not, and for
    maximal marginal relevance, twice as many candidates in all.
    """
    if not config.max_per_category:
        return list(islice(source, (4 if config.mmr else 2) * limit)), source
    counts = Counter(candidate.category for candidate in chosen if candidate.category is not None)
    full = {category for category, count in counts.items() if count >= config.max_per_category}
    window = [candidate for candidate in islice(source, WINDOW * limit) if candidate.category not in full]
    is_known = all(candidate.category is not None for candidate in window)
    size = (2 if is_known and not config.mmr else 4) * limit
    more = diversify.spread(window, size, max_per_category=2 * config.max_per_category)
    taken = {candidate.key for candidate in more}
    return more, chain([candidate for candidate in window if candidate.key not in taken], source)


def fetch(keys: Sequence[str], subject: Subject) -> dict[str, Any] | None:
    """The items of ``keys`` that this person may see now; None where they could not be read."""
    if not keys:
        return {}
    return attempt("Fetching items", lambda: dict(get_adapter().fetch(keys, subject)), None)


def _spread(
    pool: Sequence[Candidate], found: Mapping[str, Any], question: Question, limit: int
) -> list[Candidate]:
    config = question.config
    if not config.mmr and not config.max_per_category:
        return list(pool[:limit])
    return diversify.spread(
        pool,
        limit,
        mmr=config.mmr,
        likeness=diversify.likeness(pool, question.state.models) if config.mmr else None,
        max_per_category=config.max_per_category,
        category=lambda candidate: logged(
            "Category of an item", lambda: get_adapter().category(found[candidate.key]), None
        ),
    )


def _complete(
    served: Served,
    question: Question,
    chosen: Sequence[Candidate],
    found: Mapping[str, Any],
    owed: Owed | None,
) -> Served:
    if owed is not None:
        owed = {one.key: owed.get(one.key) or reasons.owed_to(one, question) for one in chosen}
    titles = _titles(found, question, owed) if owed is not None else {}
    items = tuple(
        Recommendation(
            key=candidate.key,
            rank=rank,
            score=candidate.score,
            source=candidate.source,
            algorithm=candidate.algorithm,
            item=found[candidate.key],
            reasons=()
            if owed is None
            else reasons.in_words(candidate, owed[candidate.key], titles, question),
        )
        for rank, candidate in enumerate(chosen, 1)
    )
    run = next((candidate.run for candidate in chosen if candidate.run is not None), None)
    return signed(replace(served, run=run, items=items), "" if len(items) >= served.limit else _why(question))


def signed(served: Served, reason: str = "") -> Served:
    """The list with its request id, and why it is shorter than asked for."""
    keys = [pick.key for pick in served.items]
    request_id = request_ids.make(served.placement, served.run, keys, now=time.time())
    return replace(served, request_id=request_id, reason=reason)


def _titles(found: Mapping[str, Any], question: Question, owed: Owed) -> dict[str, str]:
    """Names of the items that others are owed to, as far as this person may see them now."""
    adapter = get_adapter()
    named = {key for shares in owed.values() for key, _part in shares if key is not None and key in found}
    presented = {
        key: logged("Presenting an item", partial(adapter.serialize, found[key], question.subject), {})
        for key in named
    }
    return {key: str(shown["title"]) for key, shown in presented.items() if shown.get("title")}


def _why(question: Question) -> str:
    """Why a list is empty or short."""
    strategies = question.config.strategies
    text = _("%(strategies)s had no more items that this person may see.") % {
        "strategies": ", ".join(strategies)
    }
    missing = [name for name in strategies if name != "new" and question.model(name) is None]
    if missing:
        text += " " + _("No model is active for %(roles)s.") % {"roles": ", ".join(missing)}
    return text
