"""What understanding is given and what it answers with: examples, candidates, a ranking."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Example:
    """One way to ask for something.

    ``label`` says for what: an entry's slug, ``skill:NAME`` or ``talk:NAME``. ``language`` is a Django
    language code (``en``, ``zh-hans``).
    """

    text: str
    label: str
    language: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """A label that may have been meant.

    ``confidence`` (0 to 1) is the calibrated probability that it was; ``phrasing`` is the known one
    nearest to the question. Why it was chosen: ``lexical`` (likeness of words and letters, 0 to about 1),
    ``semantic`` (mean cosine of the three nearest phrasings) and ``intent`` (the classifier's probability);
    what the engine does not have is 0.
    """

    label: str
    confidence: float
    phrasing: str
    lexical: float
    semantic: float
    intent: float


@dataclass(frozen=True, slots=True)
class Ranking:
    """Candidates for one question, the best first; an empty one where nothing at all resembles it."""

    language: str
    candidates: tuple[Candidate, ...]
    threshold: float

    @property
    def best(self) -> Candidate | None:
        """The most probable candidate, None when there is none."""
        return self.candidates[0] if self.candidates else None

    @property
    def in_scope(self) -> bool:
        """Whether the best candidate is sure enough to be answered with."""
        return self.best is not None and self.best.confidence >= self.threshold
