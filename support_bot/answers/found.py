"""What a look-up gives: which entries, skills or small talk were meant, how surely, and what to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from ..models import Entry
from ..nlu import Candidate

Outcome = Literal["answer", "clarify", "none"]

NEAR: Final = 0.9  # a runner-up with this share of the best one's confidence is as good as equal to it
LIKELY: Final = 0.5  # what was meant is more probably among the suggestions than not
MOST: Final = 3  # suggestions to choose from


@dataclass(frozen=True, slots=True)
class Match:
    """What may have been meant. ``entry`` is None for a skill without one and for small talk (``talk``).

    ``skill`` is the name of the skill to run, also of an entry that is bound to one. ``confidence``: the
    calibrated probability that this was meant; ``candidate`` holds why.
    """

    label: str
    confidence: float
    candidate: Candidate
    entry: Entry | None = None
    skill: str = ""
    talk: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """The outcome of a look-up and its matches, the best first.

    ``answer``: the first match is it. ``clarify``: ask "did you mean", the two or three matches are the
    choice. ``none``: nothing is sure enough; the matches are what came nearest. ``build`` is the build that
    answered, None without one; ``degraded`` says why it answers with less than the active build.
    """

    outcome: Outcome
    matches: tuple[Match, ...]
    language: str
    threshold: float
    build: int | None = None
    degraded: str = ""

    @property
    def best(self) -> Match | None:
        """The most probable match, None where nothing resembles the question."""
        return self.matches[0] if self.matches else None


def decide(
    candidates: Sequence[Candidate], threshold: float, *, preferred: bool = False
) -> tuple[Outcome, list[Candidate]]:
    """What to do about the candidates (best first); with ``clarify``, those to choose from, else all of them.

    1. The best is at least as sure as the threshold: answer, unless a runner-up is as good (within a tenth
       of its confidence, or known by the very phrasing that it was found by) and nothing is known of the
       customer that breaks the tie (``preferred``); then ask which was meant.
    2. It is less sure, but the best three together are more likely than not to hold what was meant: ask.
    3. Otherwise there is no answer.

    Small talk is never asked back: as the best it is answered with or not, as a runner-up it does not count.
    """
    if not candidates:
        return "none", []
    best = candidates[0]
    askable = [one for one in candidates if not one.label.startswith("talk:")]
    if best.label.startswith("talk:"):
        return "answer" if best.confidence >= threshold else "none", list(candidates)
    if best.confidence >= threshold:
        near = [one for one in askable if _as_good(one, best)][:MOST]
        return ("answer", list(candidates)) if preferred or len(near) < 2 else ("clarify", near)
    likely = askable[:MOST]
    if len(likely) > 1 and sum(one.confidence for one in likely) >= LIKELY:
        return "clarify", likely
    return "none", list(candidates)


def prefer_known(
    candidates: Sequence[Candidate], prefer: Mapping[str, float]
) -> tuple[list[Candidate], bool]:
    """Candidates that are as good as the best in the order of ``prefer`` (label -> weight), and whether that
    breaks the tie. Their confidences are dealt anew in that order."""
    near = [one for one in candidates if _as_good(one, candidates[0])] if prefer else []
    weights = sorted((prefer.get(one.label, 0.0) for one in near), reverse=True)
    if len(near) < 2 or weights[0] <= weights[1]:
        return list(candidates), False
    others = [one for one in candidates if one not in near]
    ordered = sorted(near, key=lambda one: -prefer.get(one.label, 0.0))
    dealt = [replace(one, confidence=two.confidence) for one, two in zip(ordered, near, strict=True)]
    return [*dealt, *others], True


def _as_good(one: Candidate, best: Candidate) -> bool:
    """Nearly as sure as the best, or known by the very phrasing that the best was found by."""
    same = one.phrasing.casefold() == best.phrasing.casefold()
    return same or one.confidence >= NEAR * best.confidence
