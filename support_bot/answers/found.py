"""What a look-up gives: which entries, skills or small talk were meant, how surely, and what to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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
) -> tuple[Outcome, int]:
    """What to do about the candidates (best first), and how many of them it concerns.

    1. The best is at least as sure as the threshold: answer, unless a runner-up comes within a tenth of it
       and nothing is known of the customer that breaks the tie (``preferred``); then ask which was meant.
    2. It is less sure, but the best three together are more likely than not to hold what was meant: ask.
    3. Otherwise there is no answer.

    Small talk is never asked back: as the best it is answered with or not, as a runner-up it does not count.
    """
    if not candidates:
        return "none", 0
    best = candidates[0]
    askable = [one for one in candidates if not one.label.startswith("talk:")][:MOST]
    is_talk = best.label.startswith("talk:")
    if best.confidence >= threshold:
        near = sum(one.confidence >= NEAR * best.confidence for one in askable)
        return ("answer", 1) if preferred or is_talk or near < 2 else ("clarify", near)
    if not is_talk and len(askable) > 1 and sum(one.confidence for one in askable) >= LIKELY:
        return "clarify", len(askable)
    return "none", len(candidates)


def prefer_known(
    candidates: Sequence[Candidate], prefer: Mapping[str, float]
) -> tuple[list[Candidate], bool]:
    """Candidates as good as equal to the best in the order of ``prefer`` (label -> weight), and whether that
    breaks the tie."""
    if not candidates or not prefer:
        return list(candidates), False
    near = [one for one in candidates if one.confidence >= NEAR * candidates[0].confidence]
    weights = sorted((prefer.get(one.label, 0.0) for one in near), reverse=True)
    if len(near) < 2 or weights[0] <= weights[1]:
        return list(candidates), False
    near.sort(key=lambda one: -prefer.get(one.label, 0.0))
    return [*near, *candidates[len(near) :]], True
