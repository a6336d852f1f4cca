"""Why a question is answered as it is: for the admin's "try a question" and for a terminal."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ..models import Entry
from ..nlu import Candidate
from ..types import Profile, Subject
from .finding import fetch, find, rank
from .found import LIKELY, Found
from .pickup import active
from .topics import SKILL, TALKING

_WHY_NOT: Final[Mapping[str, object]] = {
    "early": gettext_lazy("not active yet"),
    "late": gettext_lazy("not active any more"),
    "log_in": gettext_lazy("only for customers who are logged in"),
    "condition": gettext_lazy("this customer does not meet its condition"),
    "gone": gettext_lazy("deleted or unpublished a moment ago"),
}


@dataclass(frozen=True, slots=True)
class Ranked:
    """One line of the ranking over everything; ``why_not`` says why this person is not told it, if so."""

    label: str
    title: str
    candidate: Candidate
    entry: Entry | None
    why_not: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """``found`` is what the customer gets; ``ranking`` what it was chosen from, hidden entries included.

    ``reason`` is the rule that decided, in a sentence; ``milliseconds`` what the look-up took.
    """

    found: Found
    ranking: tuple[Ranked, ...]
    reason: str
    milliseconds: float


def explain(
    text: str, *, subject: Subject, profile: Profile, language: str | None = None, limit: int = 8
) -> Explanation:
    """``find`` with its reasons; as ``find``, it never raises on any text."""
    start = time.perf_counter()
    found = find(text, subject=subject, profile=profile, language=language)
    milliseconds = (time.perf_counter() - start) * 1000
    state = active()
    shelf = state.topics.shelf(found.language)
    candidates = rank(state, text, found.language, allow=None, limit=limit)
    entries = fetch(found.language, [one.label for one in candidates])
    ranking = []
    for one in candidates:
        guard = shelf.guarded.get(one.label)
        why = guard.why_not(subject, profile, timezone.now()) if guard else ""
        is_entry = not one.label.startswith((SKILL, TALKING))
        why = why or ("gone" if is_entry and one.label not in entries else "")
        entry = entries.get(one.label)
        title = entry.question if entry else one.label
        ranking.append(Ranked(one.label, title, one, entry, str(_WHY_NOT[why]) if why else ""))
    return Explanation(found, tuple(ranking), _reason(found), milliseconds)


def _reason(found: Found) -> str:
    figures = {"threshold": f"{found.threshold:.2f}", "likely": f"{LIKELY:.0%}"}
    best = found.best
    if best is None:
        return _("Nothing resembles the question.")
    figures["confidence"] = f"{best.confidence:.2f}"
    if found.outcome == "answer":
        return _("Answered: confidence %(confidence)s reaches the threshold of %(threshold)s.") % figures
    if found.outcome == "none":
        return _("No answer: confidence %(confidence)s is below the threshold of %(threshold)s.") % figures
    if best.confidence >= found.threshold:
        return _("Asked back: two or more are as likely as each other (confidence %(confidence)s).") % figures
    return (
        _(
            "Asked back: none reaches the threshold of %(threshold)s, but what was meant is probably among "
            "them (together above %(likely)s)."
        )
        % figures
    )
